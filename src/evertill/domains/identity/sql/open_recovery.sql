-- The recovery that is under way for an account.
select id, account_id, asked_at, ready_at, ends_at
from identity_recovery
where account_id = %s::bigint and ended_at is null and ends_at > %s::timestamptz
