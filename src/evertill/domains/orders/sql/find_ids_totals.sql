-- Orders that are findable, by a span of what they cost, the cheapest first: where the limit is reached, none counts.
select order_id
from orders_found
where total between %(least)s::bigint and %(most)s::bigint
order by total, order_id
limit %(rows)s
