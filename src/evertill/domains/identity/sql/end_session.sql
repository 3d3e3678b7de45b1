-- Ends one session of an account.
update identity_session
set ended_at = %s::timestamptz, why = %s
where account_id = %s::bigint and id = %s::bigint and ended_at is null
