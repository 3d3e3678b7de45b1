-- Writes transactions that are not recorded yet, in the order of their names, and moves each running balance once by
-- what was written. Locks are taken in one order everywhere: customers (before this), names, shards.
-- An order's account has no running balance: it has a handful of entries, and an index that finds them.
with written as (
    insert into ledger_transaction (kind, reference, currency, accounts, amounts, posted_at)
    select kind, reference, currency, accounts::text[], amounts::bigint[], %s::timestamptz
    from unnest(%s::text[], %s::text[], %s::text[], %s::text[], %s::text[])
        as a(kind, reference, currency, accounts, amounts)
    order by kind, reference
    on conflict (kind, reference) do nothing
    returning kind, reference, currency, accounts, amounts
),
moved as (
    select entry.account, written.currency, sum(entry.amount)::bigint as amount
    from written
    cross join lateral unnest(written.accounts, written.amounts) as entry(account, amount)
    where not starts_with(entry.account, 'ORDER_RECEIVABLE:')
    group by entry.account, written.currency
),
prepaid as (
    -- A customer's row is locked and therefore still what this statement reads; it is there, or null is refused. The
    -- new balance is proposed whole, because the constraint is tried on the proposal as well.
    insert into ledger_balance as balance (account, currency, shard, balance)
    select
        moved.account,
        moved.currency,
        0,
        moved.amount + (
            select locked.balance
            from ledger_balance as locked
            where locked.account = moved.account and locked.currency = moved.currency and locked.shard = 0
        )
    from moved
    where starts_with(moved.account, 'CUSTOMER_BALANCE:')
    on conflict (account, currency, shard) do update set balance = excluded.balance
),
shared as (
    insert into ledger_balance as balance (account, currency, shard, balance)
    select account, currency, pg_backend_pid() %% 16, amount
    from moved
    where not starts_with(account, 'CUSTOMER_BALANCE:')
    order by account, currency
    on conflict (account, currency, shard) do update set balance = balance.balance + excluded.balance
)
select kind, reference
from written
