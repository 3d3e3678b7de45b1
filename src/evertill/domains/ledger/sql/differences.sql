-- Every running balance that is not the sum of its entries, entries without a balance included.
with summed as (
    select entry.account, recorded.currency, sum(entry.amount) as amount
    from ledger_transaction as recorded
    cross join lateral unnest(recorded.accounts, recorded.amounts) as entry(account, amount)
    where not starts_with(entry.account, 'ORDER_RECEIVABLE:')
    group by entry.account, recorded.currency
),
running as (
    select account, currency, sum(balance) as amount
    from ledger_balance
    group by account, currency
)
select
    coalesce(running.account, summed.account) as account,
    coalesce(running.currency, summed.currency) as currency,
    coalesce(running.amount, 0)::bigint,
    coalesce(summed.amount, 0)::bigint
from running
full join summed on summed.account = running.account and summed.currency = running.currency
where coalesce(running.amount, 0) <> coalesce(summed.amount, 0)
order by account, currency
