-- What happened to orders after a position of each, with the last move of the order up to then; one row without an
-- event for an order to which nothing did. Two looks into an index for an order that rests.
select asked.id, placed.state, event.position, event.kind, event.moved_by, event.happened_at
from unnest(%s::bigint[], %s::int4[]) as asked(id, position)
join orders_order as placed on placed.id = asked.id
left join lateral (
    select
        later.position,
        later.kind,
        (
            select move.kind
            from orders_event as move
            where move.order_id = later.order_id
              and move.position <= later.position
              and starts_with(move.kind, 'order.')
            order by move.position desc
            limit 1
        ) as moved_by,
        later.happened_at
    from orders_event as later
    where later.order_id = asked.id
      and later.position > asked.position
    order by later.position
    limit %s
) as event on true
order by asked.id, event.position
