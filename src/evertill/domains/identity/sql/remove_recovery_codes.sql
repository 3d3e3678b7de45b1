-- Removes an account's recovery codes.
delete from identity_recovery_code
where account_id = %s::bigint
