-- Notes whose sign-in it is and what was proved.
update identity_attempt
set account_id = %s::bigint, factors = %s::text[]
where id = %s::bigint and ended_at is null and (account_id is null or account_id = %s::bigint)
