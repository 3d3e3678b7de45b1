-- Whose recovery it is, if it is under way.
select account_id
from identity_recovery
where id = %s::bigint and ended_at is null and ends_at > %s::timestamptz
