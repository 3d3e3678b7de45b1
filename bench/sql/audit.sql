-- How many orders there are, and how many of them lack a part that every order has.
select
    (select count(*) from orders_order),
    (select count(*) from orders_order as o where not exists (select from orders_line where order_id = o.id)),
    (select count(*) from orders_order as o where not exists (select from orders_event where order_id = o.id)),
    (
        select count(*)
        from orders_order
        left join (select distinct order_id from stock_movement) as movement on movement.order_id = orders_order.id
        where movement.order_id is null
    )
