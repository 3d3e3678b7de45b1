-- The last of the newest orders of a stretch, where there are so many.
select id
from orders_order
where id < %(below)s::bigint
  and id >= %(floor)s::bigint
order by id desc
limit 1 offset %(rows)s - 1
