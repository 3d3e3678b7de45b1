-- The user handle of an account.
select handle
from identity_passkey_holder
where account_id = %s::bigint
