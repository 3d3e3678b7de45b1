-- Orders that are findable, by a span of what they cost.
from orders_found as f
join orders_order as o on o.id = f.order_id
where f.order_id < %(behind)s::bigint
  and o.id < %(behind)s::bigint
  and f.total between %(source_min)s::bigint and %(source_max)s::bigint
