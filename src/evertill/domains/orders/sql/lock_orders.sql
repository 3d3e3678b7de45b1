-- Locks orders in the order of their ids, and reads their states as they are once the locks are held.
select id, state
from orders_order
where id = any(%s::bigint[])
order by id
for no key update
