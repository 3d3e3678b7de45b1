-- All compensations, in the order of their ids.
select
    id, claim_id, order_id, about, way, amount, currency, version, rule, delay_days, target_id, given_at, given_by,
    approved_by, why
from claims_award
order by id
