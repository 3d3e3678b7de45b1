-- Balances from entries alone, found by the index over the accounts of each transaction.
select a.account, a.currency, sum(entry.amount)::bigint
from unnest(%s::text[], %s::text[]) as a(account, currency)
cross join lateral (
    select side.amount
    from ledger_transaction as recorded
    cross join lateral unnest(recorded.accounts, recorded.amounts) as side(account, amount)
    where recorded.accounts @> array[a.account]::varchar[]
      and recorded.currency = a.currency
      and side.account = a.account
) as entry
group by a.account, a.currency
