-- Prepaid accounts by id.
select id, currency, opened_at, blocked_at
from balances_account
where id = any(%s::bigint[])
