-- Orders that are findable, by what they cost.
from orders_found as f
join orders_order as o on o.id = f.order_id
where f.order_id < %(behind)s::bigint
  and o.id < %(behind)s::bigint
  and f.total = %(source_total)s::bigint
