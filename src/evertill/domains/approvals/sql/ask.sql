-- Writes down what somebody asks another person to approve.
insert into approvals_approval (
    id, operation, subject, content, digest, asked_by, asked_at, why, expires_at, state, decided_by, decision
)
values (
    %s::bigint, %s::text, %s::text, %s::text, %s::bytea, %s::text, %s::timestamptz, %s::text, %s::timestamptz,
    'WAITING', '', ''
)
