-- Customers whose entries leave them below zero. A constraint forbids it for the running balance; this adds up anew.
select entry.account, recorded.currency, -sum(entry.amount)::bigint
from ledger_transaction as recorded
cross join lateral unnest(recorded.accounts, recorded.amounts) as entry(account, amount)
where starts_with(entry.account, 'CUSTOMER_BALANCE:')
group by entry.account, recorded.currency
having sum(entry.amount) > 0
order by entry.account, recorded.currency
