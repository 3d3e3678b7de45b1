-- Adds to an order's history what happened about it without moving it. The caller has locked the order.
insert into orders_event (order_id, position, kind, actor, happened_at)
select %s, max(before.position) + 1, %s, %s, %s::timestamptz
from orders_event as before
where before.order_id = %s
