-- What the ledger says of the drawn payments: the capture, the sale, and what was given back; and the balances.
with bought as materialized (
    select
        drawn.*,
        paid.captured,
        paid.refunded,
        'ORDER_RECEIVABLE:' || number as receivable,
        'PROVIDER_CLEARING:' || drawn.provider as clearing
    from drawn
    join payments_intent as paid on paid.id = drawn.payment_id
    where paid.state = 'CAPTURED'
),
entries as materialized (
    select
        'CAPTURE' as kind, payment as reference, currency, array[clearing, receivable] as accounts,
        array[captured, -captured] as amounts, placed_at + interval '2 minutes' as posted_at
    from bought
    union all
    select
        'SALE', number, currency, array[receivable, 'REVENUE'], array[captured, -captured],
        placed_at + interval '2 minutes'
    from bought
    union all
    select
        'REFUND', refund, currency, array['REFUNDS', receivable, receivable, clearing],
        array[refunded, -refunded, refunded, -refunded], placed_at + interval '1 day 1 minute'
    from bought
    where refunded > 0
),
recorded as (
    insert into ledger_transaction (kind, reference, currency, accounts, amounts, posted_at)
    select kind, reference, currency, accounts, amounts, posted_at
    from entries
    order by posted_at, kind, reference
)
insert into ledger_balance as balance (account, currency, shard, balance)
select entry.account, entries.currency, 0, sum(entry.amount)::bigint
from entries
cross join lateral unnest(entries.accounts, entries.amounts) as entry(account, amount)
where not starts_with(entry.account, 'ORDER_RECEIVABLE:')
group by entry.account, entries.currency
on conflict (account, currency, shard) do update set balance = balance.balance + excluded.balance
