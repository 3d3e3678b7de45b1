-- Stores a secret as the newest key encrypts it.
update identity_totp
set secret = %s::bytea, key_id = %s::int
where account_id = %s::bigint
