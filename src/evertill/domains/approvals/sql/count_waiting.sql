-- How much of what this person has asked for waits.
select count(id)
from approvals_approval
where asked_by = %s::text and state = 'WAITING' and expires_at > %s::timestamptz
