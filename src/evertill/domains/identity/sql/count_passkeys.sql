-- How many passkeys of an account prove something.
select count(*)
from identity_passkey
where account_id = %s::bigint and suspected_at is null
