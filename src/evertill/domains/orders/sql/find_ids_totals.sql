-- Orders that are findable, by a span of what they cost; a bounded number.
select order_id
from orders_found
where total between %(least)s::bigint and %(most)s::bigint
limit %(rows)s
