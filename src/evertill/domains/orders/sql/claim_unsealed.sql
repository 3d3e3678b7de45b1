-- Takes events out of the queue of what is to be journalled, and returns them; what somebody else takes is left to him.
with next as (
    select order_id, position
    from orders_unsealed
    order by order_id, position
    limit %s
    for update skip locked
),
claimed as (
    delete from orders_unsealed as queued
    using next
    where queued.order_id = next.order_id
      and queued.position = next.position
    returning queued.order_id, queued.position
)
select event.order_id, event.position, event.kind, event.actor, event.happened_at
from claimed
join orders_event as event on event.order_id = claimed.order_id and event.position = claimed.position
order by event.order_id, event.position
