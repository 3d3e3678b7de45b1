-- Begins a session.
insert into identity_session (
    id, digest, account_id, is_staff, device, place, factors, proved_at, started_at, seen_at, ends_at, idle_s, why,
    browser_id
)
values (
    %s::bigint, %s::uuid, %s::bigint, %s::boolean, %s, %s, %s::text[], %s::timestamptz[], %s::timestamptz,
    %s::timestamptz, %s::timestamptz, %s::int, '', %s::bigint
)
