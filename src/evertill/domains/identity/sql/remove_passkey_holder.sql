-- Removes the user handle of an account.
delete from identity_passkey_holder
where account_id = %s::bigint
