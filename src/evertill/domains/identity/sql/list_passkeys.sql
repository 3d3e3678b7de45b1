-- An account's passkeys, the newest first.
select id, name, credential_id, transports, is_backup_eligible, is_backed_up, added_at, used_at, suspected_at
from identity_passkey
where account_id = %s::bigint
order by added_at desc, id desc
