-- What the ledger adds up to by its balances and by its entries (both must be zero), what balances paid by the ledger,
-- what paid orders cost, and what their payments captured (all three must be equal).
select
    (select coalesce(sum(balance), 0)::bigint from ledger_balance),
    (
        select coalesce(sum(amount), 0)::bigint
        from ledger_transaction
        cross join lateral unnest(amounts) as amount
    ),
    (select coalesce(sum(amounts[1]), 0)::bigint from ledger_transaction where kind = 'BALANCE_PAYMENT'),
    (select coalesce(sum(total), 0)::bigint from orders_order where state = 'PAID'),
    (select coalesce(sum(captured), 0)::bigint from payments_intent)
