-- Uses a recovery code up; those who come at once wait at its row and then find it used.
update identity_recovery_code
set used_at = %s::timestamptz
where account_id = %s::bigint and digest = %s::bytea and used_at is null
