-- Removes every passkey of an account.
delete from identity_passkey
where account_id = %s::bigint
