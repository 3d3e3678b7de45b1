-- What the drawn orders did to stock: reserved, then sold or released; and the balances that follow from it.
with moved as materialized (
    select 'BENCH-' || %(sku_first)s::int + (good + position * 337) %% %(skus)s::int as sku, drawn.*, position,
        1 + (good + position) %% 3 as quantity
    from drawn
    cross join lateral generate_series(0, lines - 1) as position
),
movements as (
    insert into stock_movement (sku, kind, quantity, order_id, moved_at, reason)
    select sku, 'RESERVED', quantity, id, placed_at, ''
    from moved
    union all
    select
        sku, case when state in ('PAID', 'REFUNDED') then 'SOLD' else 'RELEASED' end, quantity, id,
        placed_at + interval '2 minutes', ''
    from moved
    where state <> 'PLACED'
),
summed as (
    select
        sku,
        coalesce(sum(quantity) filter (where state in ('PAID', 'REFUNDED')), 0) as sold,
        coalesce(sum(quantity) filter (where state = 'PLACED'), 0) as reserved
    from moved
    group by sku
)
update stock_item as item
set on_hand = item.on_hand - summed.sold,
    reserved = item.reserved + summed.reserved
from summed
where item.sku = summed.sku
