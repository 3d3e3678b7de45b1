-- What waits to be decided, oldest first, from behind one on.
select
    id, operation, subject, content, asked_by, asked_at, why, expires_at, state, decided_by, decided_at, decision,
    spent_at
from approvals_approval
where state = 'WAITING' and expires_at > %s::timestamptz
  and (asked_at, id) > (%s::timestamptz, %s::bigint)
order by asked_at, id
limit %s::bigint
