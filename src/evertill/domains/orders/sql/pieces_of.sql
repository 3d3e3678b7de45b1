-- The pieces of these orders, line by line.
select order_id, sku, quantity
from orders_line
where order_id = any(%s::bigint[])
