-- Orders by their ids.
from orders_order as o
where o.id < %(behind)s::bigint
  and o.id = any(%(source_ids)s::bigint[])
