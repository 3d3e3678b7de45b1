-- Decides what waits and is not too old; who comes at the same time waits at the row and then finds it decided.
update approvals_approval
set state = %s::text, decided_by = %s::text, decided_at = %s::timestamptz, decision = %s::text
where id = %s::bigint and state = 'WAITING' and expires_at > %s::timestamptz
returning
    id, operation, subject, content, asked_by, asked_at, why, expires_at, state, decided_by, decided_at, decision,
    spent_at
