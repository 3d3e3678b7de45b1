-- What each order that holds goods holds, by SKU: one row for each, in the order in which stock lists it too.
select line.order_id, line.sku, sum(line.quantity)::bigint
from orders_line as line
join orders_order as placed on placed.id = line.order_id
where placed.state = 'PLACED'
group by line.order_id, line.sku
order by line.order_id, line.sku
