-- The disputes about a payment.
select
    id, provider, provider_id, intent_id, order_id, is_sale, state, amount, currency, fee, reason, evidence_due_at,
    opened_at, closed_at
from disputes_dispute
where intent_id = %s
order by opened_at, id
