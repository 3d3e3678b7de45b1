-- Begins a sign-in.
insert into identity_attempt (
    id, digest, account_id, kind, address, factors, code, code_factor, tries, started_at, ends_at
)
values (
    %s::bigint, %s::uuid, %s::bigint, %s, %s, %s::text[], %s::uuid, %s, 0, %s::timestamptz, %s::timestamptz
)
