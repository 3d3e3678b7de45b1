-- The SKUs that are sold by codes, with what is free, was given and is owed.
select
    pool.sku,
    pool.opened_at,
    coalesce(codes.free, 0),
    coalesce(codes.given, 0),
    coalesce(waiting.pieces, 0)::bigint
from fulfilment_pool as pool
left join (
    select
        sku,
        count(*) filter (where order_id is null) as free,
        count(*) filter (where order_id is not null) as given
    from fulfilment_code
    group by sku
) as codes on codes.sku = pool.sku
left join (
    select sku, sum(pieces) as pieces
    from fulfilment_due
    where state = 'WAITING'
    group by sku
) as waiting on waiting.sku = pool.sku
order by pool.sku
limit %s
