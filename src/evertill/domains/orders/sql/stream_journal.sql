-- Every event behind the first of each order, with the canonical bytes of it, as the journal seals them; and whether it
-- is queued to be sealed.
select
    event.order_id,
    event.position,
    queued.order_id is not null,
    '\x45'::bytea
        || int8send(event.order_id)
        || int4send(event.position)
        || int8send((extract(epoch from event.happened_at) * 1000000)::bigint)
        || int2send(octet_length(event.kind)::int2)
        || convert_to(event.kind, 'UTF8')
        || int2send(octet_length(event.actor)::int2)
        || convert_to(event.actor, 'UTF8')
from orders_event as event
left join orders_unsealed as queued on queued.order_id = event.order_id and queued.position = event.position
where event.position > 0
order by event.order_id, event.position
