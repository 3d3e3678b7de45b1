-- Debits and credits of each kind of account, from entries alone.
select
    split_part(entry.account, ':', 1) as kind,
    coalesce(sum(entry.amount) filter (where entry.amount > 0), 0)::bigint,
    coalesce(-sum(entry.amount) filter (where entry.amount < 0), 0)::bigint
from ledger_transaction as recorded
cross join lateral unnest(recorded.accounts, recorded.amounts) as entry(account, amount)
where recorded.currency = %s
group by split_part(entry.account, ':', 1)
order by kind
