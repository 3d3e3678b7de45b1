-- Ends the sessions of an account but one.
update identity_session
set ended_at = %s::timestamptz, why = %s
where account_id = %s::bigint and id <> %s::bigint and ended_at is null
