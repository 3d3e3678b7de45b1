-- Running balances: one row for each account that has any, the sum of its shards.
select balance.account, balance.currency, sum(balance.balance)::bigint
from ledger_balance as balance
inner join unnest(%s::text[], %s::text[]) as a(account, currency)
    on balance.account = a.account and balance.currency = a.currency
group by balance.account, balance.currency
