-- The compensations of a claim.
select
    id, claim_id, order_id, about, way, amount, currency, version, rule, delay_days, target_id, given_at, given_by,
    approved_by, why
from claims_award
where claim_id = %s
order by id
