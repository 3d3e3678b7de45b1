-- The lines of these orders, in their places.
select order_id, sku, title, quantity, unit_price, returned
from orders_line
where order_id = any(%s::bigint[])
order by order_id, position
