-- What orders that are paid now wait for: only SKUs that are sold by codes. Where a refund came to nothing after all,
-- an order waits anew.
insert into fulfilment_due as due (order_id, sku, pieces, look_at)
select paid.order_id, paid.sku, paid.pieces, %s::timestamptz
from unnest(%s::bigint[], %s::text[], %s::bigint[]) as paid (order_id, sku, pieces)
join fulfilment_pool as pool on pool.sku = paid.sku
on conflict (order_id, sku) do update
set state = 'WAITING',
    look_at = excluded.look_at,
    ended_at = null
where due.state <> 'WAITING'
