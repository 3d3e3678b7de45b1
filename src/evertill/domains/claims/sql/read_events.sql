-- What happened to a claim.
select position, kind, actor, happened_at
from claims_event
where claim_id = %s
order by position
limit %s
