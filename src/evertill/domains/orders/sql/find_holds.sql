-- What holds these orders.
select order_id, reason, subject, actor, held_at
from orders_hold
where order_id = any(%s::bigint[])
  and released_at is null
order by order_id, held_at, id
