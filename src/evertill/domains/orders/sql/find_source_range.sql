-- Orders whose number begins in one way.
from orders_order as o
where o.id < %(behind)s::bigint
  and o.id between %(source_from)s::bigint and %(source_to)s::bigint
