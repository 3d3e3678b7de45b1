-- Notes the code that was sent last.
update identity_attempt
set code = %s::uuid, code_factor = %s
where id = %s::bigint and ended_at is null
