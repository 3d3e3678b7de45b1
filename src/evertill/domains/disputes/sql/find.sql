-- The dispute that a provider calls so.
select
    id, provider, provider_id, intent_id, order_id, is_sale, state, amount, currency, fee, reason, evidence_due_at,
    opened_at, closed_at
from disputes_dispute
where provider = %s
  and provider_id = %s
