-- Orders whose state is not what their last move says, or whose events do not begin at 0 or have a gap; and events
-- without an order.
with history as (
    select
        order_id,
        min(position) as first,
        max(position) as last,
        count(*) as events,
        (array_agg(kind order by position))[1] as opened_by,
        -- What happened about an order without moving it says nothing of its state.
        (array_agg(kind order by position desc) filter (where starts_with(kind, 'order.')))[1] as closed_by
    from orders_event
    group by order_id
)
select
    coalesce(placed.id, history.order_id) as order_id,
    placed.state,
    history.closed_by
from orders_order as placed
full join history on history.order_id = placed.id
where history.closed_by is distinct from 'order.' || lower(placed.state)
   or history.opened_by <> 'order.placed'
   or history.first <> 0
   or history.last <> history.events - 1
order by order_id
