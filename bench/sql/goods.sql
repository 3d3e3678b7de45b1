-- Goods to be sold: one product, variant and price each, and a stock with the movement that explains it.
with goods as (
    select 'BENCH-' || n as sku, 'Bench good ' || n as title, 500 + n as amount
    from generate_series(%(first)s::int, %(last)s::int) as n
),
product as (
    insert into catalog_product (slug, status, created_at, updated_at)
    select lower(sku), 'ACTIVE', now(), now()
    from goods
    returning id, slug
),
text as (
    insert into catalog_product_text (product_id, language, title, text)
    select product.id, 'en', goods.title, ''
    from product
    join goods on lower(goods.sku) = product.slug
),
variant as (
    insert into catalog_variant (product_id, sku, title, is_active, position)
    select product.id, goods.sku, goods.title, true, 0
    from product
    join goods on lower(goods.sku) = product.slug
    returning id, sku
),
price as (
    insert into catalog_price (variant_id, currency, amount)
    select variant.id, 'GBP', goods.amount
    from variant
    join goods on goods.sku = variant.sku
),
item as (
    insert into stock_item (sku, kind, on_hand, reserved)
    select sku, 'COUNTED', %(stock)s::bigint, 0
    from goods
)
insert into stock_movement (sku, kind, quantity, moved_at, reason)
select sku, 'RECEIVED', %(stock)s::bigint, now(), ''
from goods
