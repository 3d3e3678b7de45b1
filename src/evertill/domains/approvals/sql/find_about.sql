-- What was asked for about some things, however it stands, the newest first.
select
    id, operation, subject, content, asked_by, asked_at, why, expires_at, state, decided_by, decided_at, decision,
    spent_at
from approvals_approval
where subject = any(%s::text[])
order by asked_at desc, id desc
limit %s
