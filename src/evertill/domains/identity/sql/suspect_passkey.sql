-- Puts a passkey aside of which there may be a copy.
update identity_passkey
set suspected_at = %s::timestamptz
where id = %s::bigint and suspected_at is null
