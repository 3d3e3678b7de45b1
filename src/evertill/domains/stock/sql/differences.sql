-- Every balance that is not the sum of its movements, movements without a balance included.
with summed as (
    select
        sku,
        coalesce(sum(quantity) filter (where kind in ('RECEIVED', 'CORRECTED', 'RETURNED')), 0)
            - coalesce(sum(quantity) filter (where kind = 'SOLD'), 0) as on_hand,
        coalesce(sum(quantity) filter (where kind = 'RESERVED'), 0)
            - coalesce(sum(quantity) filter (where kind in ('RELEASED', 'SOLD')), 0) as reserved
    from stock_movement
    group by sku
)
select
    coalesce(item.sku, summed.sku) as sku,
    coalesce(item.on_hand, 0),
    coalesce(summed.on_hand, 0)::bigint,
    coalesce(item.reserved, 0),
    coalesce(summed.reserved, 0)::bigint
from stock_item as item
full join summed on summed.sku = item.sku
where coalesce(item.on_hand, 0) <> coalesce(summed.on_hand, 0)
   or coalesce(item.reserved, 0) <> coalesce(summed.reserved, 0)
order by sku
