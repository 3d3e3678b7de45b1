-- How many orders were placed in a span, by state and currency, and what they cost. Ids begin with the minute.
select state, currency, count(*), sum(total)::bigint
from orders_order
where id >= %s::bigint
  and id < %s::bigint
group by state, currency
order by state, currency
