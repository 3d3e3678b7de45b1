-- Secrets that are encrypted by an older key than the newest.
select account_id, secret, key_id
from identity_totp
where key_id < %s::int
order by account_id
limit %s::int
for update
