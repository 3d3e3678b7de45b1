-- What happened to one account, the newest first.
select recorded.kind, recorded.reference, side.amount, recorded.posted_at
from ledger_transaction as recorded
cross join lateral unnest(recorded.accounts, recorded.amounts) with ordinality as side(account, amount, place)
where recorded.accounts @> array[%s]::varchar[]
  and recorded.currency = %s
  and side.account = %s
order by recorded.posted_at desc, recorded.kind, recorded.reference, side.place
limit %s
