-- Writes sales that prepaid balances pay, one transaction of four postings each: the customer pays the order, and the
-- order pays the shop. Each running balance is moved once. The customers' rows are locked by who asks; REVENUE has a
-- row for each shard.
with asked as (
    select
        %s::timestamptz as now,
        reference,
        'ORDER_RECEIVABLE:' || sold as sold,
        'CUSTOMER_BALANCE:' || customer as customer,
        currency,
        amount
    from unnest(%s::text[], %s::text[], %s::text[], %s::text[], %s::bigint[])
        as a(reference, sold, customer, currency, amount)
),
prepaid as (
    -- A customer's row is there and locked, or null is refused; looked up one by one, whatever the planner believes of
    -- the table. The new balance is proposed whole, because the constraint is tried on the proposal as well.
    insert into ledger_balance as balance (account, currency, shard, balance)
    select
        customer,
        currency,
        0,
        sum(amount)::bigint + (
            select locked.balance
            from ledger_balance as locked
            where locked.account = customer and locked.currency = asked.currency and locked.shard = 0
        )
    from asked
    group by customer, currency
    on conflict (account, currency, shard) do update set balance = excluded.balance
),
shared as (
    insert into ledger_balance as balance (account, currency, shard, balance)
    select 'REVENUE', currency, pg_backend_pid() %% 16, -sum(amount)::bigint
    from asked
    group by currency
    order by currency
    on conflict (account, currency, shard) do update set balance = balance.balance + excluded.balance
)
insert into ledger_transaction (kind, reference, currency, accounts, amounts, posted_at)
select
    'BALANCE_PAYMENT', reference, currency, array[customer, sold, sold, 'REVENUE'],
    array[amount, -amount, amount, -amount], now
from asked
