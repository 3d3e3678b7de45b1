-- Holds what an account has of passkeys.
select account_id
from identity_passkey_holder
where account_id = %s::bigint
for update
