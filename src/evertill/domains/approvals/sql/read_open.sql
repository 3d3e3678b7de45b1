-- What waits to be decided, oldest first.
select
    id, operation, subject, content, asked_by, asked_at, why, expires_at, state, decided_by, decided_at, decision,
    spent_at
from approvals_approval
where state = 'WAITING' and expires_at > %s::timestamptz
order by asked_at, id
limit %s::bigint
