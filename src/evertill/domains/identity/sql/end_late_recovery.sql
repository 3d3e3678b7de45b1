-- Ends a recovery that nobody finished in time.
update identity_recovery
set ended_at = %s::timestamptz, why = 'too late'
where account_id = %s::bigint and ended_at is null and ends_at <= %s::timestamptz
