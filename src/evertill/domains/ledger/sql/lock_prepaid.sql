-- Locks customers' balances in key order, so that two batches can never wait for each other in a circle, and reads
-- them as they are once the locks are held.
select balance.account, balance.currency, balance.balance
from ledger_balance as balance
inner join unnest(%s::text[], %s::text[]) as a(account, currency)
    on balance.account = a.account and balance.currency = a.currency
where balance.shard = 0
order by balance.account, balance.currency
for no key update of balance
