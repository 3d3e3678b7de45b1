-- Locks customers' balances, in all their currencies, in key order, so that two batches can never wait for each other
-- in a circle, and reads them as they are once the locks are held.
select account, currency, balance
from ledger_balance
where account = any(%s::text[])
  and shard = 0
order by account, currency
for no key update
