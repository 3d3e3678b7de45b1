-- An account's secret, with its row: those who try at once come one after the other, and a rotation waits for them.
select totp.secret, totp.key_id, totp.made_at
from identity_totp as totp
where totp.account_id = %s::bigint and (totp.confirmed_at is not null) = %s::boolean
for update of totp
