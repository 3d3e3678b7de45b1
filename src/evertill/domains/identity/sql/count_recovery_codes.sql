-- How many recovery codes of an account are left.
select count(*)
from identity_recovery_code
where account_id = %s::bigint and used_at is null
