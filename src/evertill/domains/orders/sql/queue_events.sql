-- Has events journalled that never were: those of orders from before there was a journal.
insert into orders_unsealed (order_id, position)
select order_id, position
from orders_event
where order_id = any(%s::bigint[])
  and position > 0
on conflict (order_id, position) do nothing
