-- The newest orders that are findable and cost one amount.
select order_id
from orders_found
where total = %(total)s::bigint
  and order_id < %(below)s::bigint
  and order_id >= %(floor)s::bigint
order by order_id desc
limit %(rows)s
