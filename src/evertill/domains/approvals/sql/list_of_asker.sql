-- What one person has asked for, however it stands, the latest first.
select
    id, operation, subject, content, asked_by, asked_at, why, expires_at, state, decided_by, decided_at, decision,
    spent_at
from approvals_approval
where asked_by = %s::text
order by asked_at desc, id desc
limit %s::bigint
