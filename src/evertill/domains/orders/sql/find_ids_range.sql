-- The newest orders whose number begins in one way.
select id
from orders_order
where id between %(first)s::bigint and %(last)s::bigint
  and id < %(below)s::bigint
  and id >= %(floor)s::bigint
order by id desc
limit %(rows)s
