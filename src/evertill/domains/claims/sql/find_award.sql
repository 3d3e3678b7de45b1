-- The compensation of an order for one thing that went wrong.
select
    id, claim_id, order_id, about, way, amount, currency, version, rule, delay_days, target_id, given_at, given_by,
    approved_by, why
from claims_award
where order_id = %s
  and about = %s
