-- Which of these orders there are.
select id
from orders_order
where id = any(%s::bigint[])
order by id
