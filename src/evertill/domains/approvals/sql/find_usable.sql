-- What this person has asked for already in exactly these words, and can still use.
select
    id, operation, subject, content, asked_by, asked_at, why, expires_at, state, decided_by, decided_at, decision,
    spent_at
from approvals_approval
where asked_by = %s::text and digest = %s::bytea and state in ('WAITING', 'APPROVED') and expires_at > %s::timestamptz
order by id
limit 1
