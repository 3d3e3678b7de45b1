-- What the shop's jobs still have to do for the orders that are there: receipts, places in the journal, and being
-- findable, which an order is some two minutes after it was placed.
select
    (select count(*) from orders_order where receipt_batch is null) as without_receipt,
    (select count(*) from receipts_unsealed) + (select count(*) from orders_unsealed)
        + (select case when count(*) = 0 then 1 else 0 end from receipts_seal) as unsealed,
    (
        select count(*)
        from orders_order as o
        where o.placed_at < now() - interval '3 minutes'
          and not exists (select from orders_found as f where f.order_id = o.id)
    ) as unfound
