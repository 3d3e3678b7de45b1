-- Has single events journalled that never were.
insert into orders_unsealed (order_id, position)
select order_id, position
from unnest(%s::bigint[], %s::int4[]) as told(order_id, position)
on conflict (order_id, position) do nothing
