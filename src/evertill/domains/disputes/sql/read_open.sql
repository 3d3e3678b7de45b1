-- Disputes that have not ended, the most urgent first.
select
    id, provider, provider_id, intent_id, order_id, is_sale, state, amount, currency, fee, reason, evidence_due_at,
    opened_at, closed_at
from disputes_dispute
where look_at is not null
order by evidence_due_at nulls last, opened_at, id
limit %s
