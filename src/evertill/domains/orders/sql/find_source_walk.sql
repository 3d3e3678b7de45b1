-- All orders, the latest first: their ids begin with the minute in which they were placed.
from orders_order as o
where o.id < %(behind)s::bigint
