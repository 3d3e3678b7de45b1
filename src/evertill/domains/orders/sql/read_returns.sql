-- What refunds give back, line by line, with the lines as they were placed.
select given.refund_id, given.position, line.sku, given.quantity, line.unit_price, given.restock
from orders_return as given
join orders_line as line on line.order_id = given.order_id and line.position = given.position
where given.refund_id = any(%s::bigint[])
order by given.refund_id, given.position
