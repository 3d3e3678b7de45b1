-- Opens a balance of zero for customers that have none, in key order; before any is locked, so that nobody who holds
-- one waits for another to appear.
insert into ledger_balance (account, currency, shard, balance)
select account, currency, 0, 0
from unnest(%s::text[], %s::text[]) as a(account, currency)
order by account, currency
on conflict (account, currency, shard) do nothing
