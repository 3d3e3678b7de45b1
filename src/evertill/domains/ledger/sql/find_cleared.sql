-- What transactions with these names did to one account, in their currency. The fence (offset 0) keeps it to one look
-- into the index for each name.
select recorded.kind, recorded.reference, recorded.currency, side.amount, recorded.posted_at
from unnest(%s::text[], %s::text[]) as a(kind, reference)
cross join lateral (
    select kind, reference, currency, accounts, amounts, posted_at
    from ledger_transaction
    where kind = a.kind
      and reference = a.reference
    offset 0
) as recorded
cross join lateral (
    select sum(posting.amount)::bigint as amount
    from unnest(recorded.accounts, recorded.amounts) as posting(account, amount)
    where posting.account = %s
) as side
where side.amount is not null
