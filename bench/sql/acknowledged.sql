-- Of orders whose payment was acknowledged: how many there are, and how many of them are paid, have become paid once,
-- have exactly one payment of their price with one move, one entry of the ledger that paid them, and goods that were sold.
select
    (select count(*) from acknowledged),
    (select count(distinct id) from acknowledged),
    (select count(*) from acknowledged join orders_order as o using (id) where o.state = 'PAID'),
    (
        select count(*)
        from acknowledged
        join orders_event as event on event.order_id = acknowledged.id and event.kind = 'order.paid'
    ),
    (
        select count(*)
        from acknowledged
        join orders_order as o using (id)
        join payments_intent as paid on paid.order_id = o.id
        where paid.state = 'CAPTURED' and paid.ending = 'MATCHED' and paid.captured = o.total
            and paid.captured_currency = o.currency
    ),
    (select count(distinct paid.order_id) from acknowledged join payments_intent as paid on paid.order_id = acknowledged.id),
    (
        select count(*)
        from acknowledged
        join payments_intent as paid on paid.order_id = acknowledged.id
        join payments_move as move on move.intent_id = paid.id
    ),
    (
        select count(*)
        from acknowledged
        join orders_order as o using (id)
        join ledger_transaction as entry
            on entry.accounts[2] = 'ORDER_RECEIVABLE:' || acknowledged.number and entry.amounts[1] = o.total
        where entry.kind = 'BALANCE_PAYMENT'
    ),
    (
        select count(*)
        from acknowledged
        join stock_movement as sold on sold.order_id = acknowledged.id and sold.kind = 'SOLD'
    )
