-- Writes sales that prepaid balances pay, one transaction of four postings each: the customer pays the order, and the
-- order pays the shop. Each running balance is moved once. The customers' rows are locked by who asks; REVENUE has a row
-- for each shard. Answers how many were written, and how many customers' balances moved.
with asked as (
    select
        %s::timestamptz as now, reference, 'ORDER_RECEIVABLE:' || sold as sold, 'CUSTOMER_BALANCE:' || customer as customer,
        currency, amount
    from unnest(%s::text[], %s::text[], %s::text[], %s::text[], %s::bigint[])
        as a(reference, sold, customer, currency, amount)
),
written as (
    insert into ledger_transaction (kind, reference, currency, accounts, amounts, posted_at)
    select
        'BALANCE_PAYMENT', reference, currency, array[customer, sold, sold, 'REVENUE'],
        array[amount, -amount, amount, -amount], now
    from asked
    on conflict do nothing
    returning reference
),
prepaid as (
    update ledger_balance as balance
    set balance = balance.balance + spent.amount
    from (select customer, currency, sum(amount)::bigint as amount from asked group by customer, currency) as spent
    where balance.account = spent.customer
      and balance.currency = spent.currency
      and balance.shard = 0
    returning balance.account
),
shared as (
    insert into ledger_balance as balance (account, currency, shard, balance)
    select 'REVENUE', currency, pg_backend_pid() %% 16, -sum(amount)::bigint
    from asked
    group by currency
    order by currency
    on conflict (account, currency, shard) do update set balance = balance.balance + excluded.balance
)
select (select count(*) from written), (select count(*) from prepaid)
