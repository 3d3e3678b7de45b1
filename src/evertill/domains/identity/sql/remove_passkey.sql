-- Removes one passkey of an account.
delete from identity_passkey
where account_id = %s::bigint and id = %s::bigint
returning id, name, credential_id, transports, is_backup_eligible, is_backed_up, added_at, used_at, suspected_at
