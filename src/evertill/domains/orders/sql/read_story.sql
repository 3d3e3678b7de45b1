-- All that happened to an order, and who did it.
select position, kind, actor, happened_at
from orders_event
where order_id = %s
order by position
limit %s
