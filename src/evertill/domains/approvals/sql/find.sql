-- One approval, however it stands.
select
    id, operation, subject, content, asked_by, asked_at, why, expires_at, state, decided_by, decided_at, decision,
    spent_at
from approvals_approval
where id = %s::bigint
