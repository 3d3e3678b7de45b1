-- Moves orders whose state allows it, and records the move behind what happened before, to be journalled. The caller
-- has locked them: a statement that waits for a lock does not see the events that were written meanwhile. Orders that
-- it does not return were not moved.
with moved as (
    update orders_order
    set state = %s
    where id = any(%s::bigint[])
      and state = any(%s::text[])
    returning id
),
recorded as (
    insert into orders_event (order_id, position, kind, actor, happened_at)
    select
        id,
        (select max(event.position) + 1 from orders_event as event where event.order_id = moved.id),
        %s,
        %s,
        %s::timestamptz
    from moved
    returning order_id, position
),
queued as (
    insert into orders_unsealed (order_id, position)
    select order_id, position
    from recorded
    on conflict (order_id, position) do nothing
)
select id
from moved
