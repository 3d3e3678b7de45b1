-- Balances from entries alone. The fence (offset 0) keeps it to one look into the index over the accounts of each
-- transaction for each account asked for; joined freely, the planner compared every transaction with every account.
select a.account, a.currency, sum(side.amount)::bigint
from unnest(%s::text[], %s::text[]) as a(account, currency)
cross join lateral (
    select accounts, amounts
    from ledger_transaction
    where accounts @> array[a.account]::varchar[]
      and currency = a.currency
    offset 0
) as recorded
cross join lateral unnest(recorded.accounts, recorded.amounts) as side(account, amount)
where side.account = a.account
group by a.account, a.currency
