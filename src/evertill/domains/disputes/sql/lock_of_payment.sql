-- Locks the disputes about a payment, and reads them as they are once the locks are held.
select
    id, provider, provider_id, intent_id, order_id, is_sale, state, amount, currency, fee, reason, evidence_due_at,
    opened_at, closed_at
from disputes_dispute
where intent_id = %s
order by id
for no key update
