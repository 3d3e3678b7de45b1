-- Removes an account's secret.
delete from identity_totp
where account_id = %s::bigint
