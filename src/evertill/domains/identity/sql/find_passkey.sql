-- A passkey by what its browser calls it, and what an answer of it is checked against.
select
    passkey.id, passkey.account_id, passkey.name, passkey.public_key, holder.handle, passkey.suspected_at,
    passkey.is_backup_eligible
from identity_passkey as passkey
join identity_passkey_holder as holder on holder.account_id = passkey.account_id
where passkey.credential_id = %s::bytea
