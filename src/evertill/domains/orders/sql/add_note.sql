-- Writes down what staff say about an order; nothing where there is no such order.
insert into orders_note (id, order_id, text, written_by, written_at)
select %s, id, %s, %s, %s::timestamptz
from orders_order
where id = %s
returning id
