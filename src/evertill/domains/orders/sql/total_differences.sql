-- Orders that are not the sum of their lines: no lines, another total, or lines without an order.
with summed as (
    select order_id, sum(quantity::numeric * unit_price) as total
    from orders_line
    group by order_id
)
select
    coalesce(placed.id, summed.order_id) as order_id,
    placed.total,
    summed.total::bigint
from orders_order as placed
full join summed on summed.order_id = placed.id
where placed.total is distinct from summed.total
order by order_id
