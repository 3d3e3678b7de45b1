-- One order in one transaction of one statement: the least that a database can be asked for one order. The update
-- itself takes the row's lock and looks whether there is enough, which saves the read that steps.sql makes for it.
\set n :n + 1
\set id :prefix * 2199023255552 + random(0, 65535) * 33554432 + :client_id * 262144 + :n
\set key_high random(1000000000000000, 9999999999999999)
\set key_low random(1000000000000000, 9999999999999999)
\set sku random(:sku_first, :sku_last)
with known as (
    select id
    from orders_order
    where key_digest = (:key_high::text || :key_low::text)::uuid
),
offer as (
    select variant.sku, variant.title, price.amount
    from catalog_variant as variant
    join catalog_product as product on product.id = variant.product_id
    left join catalog_price as price on price.variant_id = variant.id and price.currency = 'GBP'
    where variant.sku = 'BENCH-' || :sku::text
      and variant.is_active
      and product.status = 'ACTIVE'
),
taken as (
    update stock_item as item
    set reserved = item.reserved + 1
    from offer
    where item.sku = offer.sku
      and item.on_hand > item.reserved
      and not exists (select from known)
    returning item.sku, offer.title, offer.amount
),
placed as (
    insert into orders_order
        (id, state, currency, total, email, placed_at, reserved_until, key_digest, body_digest)
    select
        :id::bigint, 'PLACED', 'GBP', amount, 'buyer@example.org', now(), now() + interval '30 minutes',
        (:key_high::text || :key_low::text)::uuid, (:key_low::text || :key_high::text)::uuid
    from taken
),
line as (
    insert into orders_line (order_id, position, sku, title, quantity, unit_price)
    select :id::bigint, 0, sku, title, 1, amount
    from taken
),
event as (
    insert into orders_event (order_id, position, kind, actor, happened_at)
    select :id::bigint, 0, 'order.placed', 'customer', now()
    from taken
)
insert into stock_movement (sku, kind, quantity, order_id, moved_at, reason)
select sku, 'RESERVED', 1, :id::bigint, now(), ''
from taken;
