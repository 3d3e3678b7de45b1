-- Ends a recovery that has waited long enough, once.
update identity_recovery
set ended_at = %s::timestamptz, why = 'done'
where account_id = %s::bigint and ended_at is null and ready_at <= %s::timestamptz and ends_at > %s::timestamptz
