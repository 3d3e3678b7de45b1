-- Adds to an order's history what happened about it without moving it, to be journalled. The caller has locked it.
with recorded as (
    insert into orders_event (order_id, position, kind, actor, happened_at)
    select %s, max(before.position) + 1, %s, %s, %s::timestamptz
    from orders_event as before
    where before.order_id = %s
    returning order_id, position
)
insert into orders_unsealed (order_id, position)
select order_id, position
from recorded
on conflict (order_id, position) do nothing
