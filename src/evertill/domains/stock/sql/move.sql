-- Writes movements and, in the same statement, moves each balance once by their sum.
with asked as (
    select sku, kind, quantity, nullif(order_id, 0) as order_id
    from unnest(%s::text[], %s::text[], %s::bigint[], %s::bigint[]) as a(sku, kind, quantity, order_id)
),
written as (
    insert into stock_movement (sku, kind, quantity, order_id, moved_at, reason)
    select sku, kind, quantity, order_id, %s::timestamptz, %s::text
    from asked
),
moved as (
    select
        sku,
        coalesce(sum(quantity) filter (where kind in ('RECEIVED', 'CORRECTED', 'RETURNED')), 0)
            - coalesce(sum(quantity) filter (where kind = 'SOLD'), 0) as on_hand,
        coalesce(sum(quantity) filter (where kind = 'RESERVED'), 0)
            - coalesce(sum(quantity) filter (where kind in ('RELEASED', 'SOLD')), 0) as reserved
    from asked
    group by sku
)
update stock_item as item
set on_hand = item.on_hand + moved.on_hand,
    reserved = item.reserved + moved.reserved
from moved
where item.sku = moved.sku
