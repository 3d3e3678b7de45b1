-- What was recorded of one account in a span of time, in the order in which it was.
select recorded.kind, recorded.reference, recorded.currency, side.amount, recorded.posted_at
from ledger_transaction as recorded
cross join lateral (
    select sum(posting.amount)::bigint as amount
    from unnest(recorded.accounts, recorded.amounts) as posting(account, amount)
    where posting.account = %s
) as side
where recorded.posted_at >= %s
  and recorded.posted_at < %s
  and side.amount is not null
order by recorded.posted_at, recorded.kind, recorded.reference
