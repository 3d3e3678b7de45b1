-- All that holds an order or has held it, the oldest first.
select reason, subject, actor, held_at, released_at, released_by
from orders_hold
where order_id = %s
order by held_at, id
limit %s
