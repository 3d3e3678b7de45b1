-- Ends a recovery at its owner's word.
update identity_recovery
set ended_at = %s::timestamptz, why = %s
where account_id = %s::bigint and ended_at is null and ends_at > %s::timestamptz
returning id
