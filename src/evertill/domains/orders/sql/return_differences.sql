-- Lines whose returned pieces are not the sum of what refunds give back of them; and returns without a line.
with summed as (
    select order_id, position, sum(quantity)::bigint as quantity
    from orders_return
    where state <> 'UNDONE'
    group by order_id, position
)
select
    coalesce(line.order_id, summed.order_id) as order_id,
    coalesce(line.position, summed.position) as position,
    line.returned,
    coalesce(summed.quantity, 0)
from (select order_id, position, returned from orders_line where returned <> 0) as line
full join summed on summed.order_id = line.order_id and summed.position = line.position
where line.returned is distinct from summed.quantity
order by order_id, position
