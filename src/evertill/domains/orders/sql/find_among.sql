-- Orders by their ids.
from orders_order as o
where o.id = any(%(order_ids)s::bigint[])
