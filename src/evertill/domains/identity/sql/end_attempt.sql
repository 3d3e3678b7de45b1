-- Ends a sign-in, once.
update identity_attempt
set ended_at = %s::timestamptz
where id = %s::bigint and ended_at is null and ends_at > %s::timestamptz
