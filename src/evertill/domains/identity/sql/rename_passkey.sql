-- Gives a passkey another name.
update identity_passkey
set name = %s
where account_id = %s::bigint and id = %s::bigint
