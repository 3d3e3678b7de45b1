-- One order in one transaction, statement by statement: the same reads and the same rows as the shop's, one line each.
-- An identifier is a growing prefix and a random rest, as the shop's; its last bits keep clients and orders apart.
\set n :n + 1
\set id :prefix * 2199023255552 + random(0, 65535) * 33554432 + :client_id * 262144 + :n
\set key_high random(1000000000000000, 9999999999999999)
\set key_low random(1000000000000000, 9999999999999999)
\set sku random(:sku_first, :sku_last)
begin;
select id from orders_order where key_digest = (:key_high::text || :key_low::text)::uuid;
select variant.title, price.amount from catalog_variant as variant join catalog_product as product on product.id = variant.product_id left join catalog_price as price on price.variant_id = variant.id and price.currency = 'GBP' where variant.sku = 'BENCH-' || :sku::text and variant.is_active and product.status = 'ACTIVE' \gset
select kind, on_hand, reserved from stock_item where sku = 'BENCH-' || :sku::text for no key update;
insert into orders_order (id, state, currency, total, email, placed_at, reserved_until, key_digest, body_digest) values (:id, 'PLACED', 'GBP', :amount, 'buyer@example.org', now(), now() + interval '30 minutes', (:key_high::text || :key_low::text)::uuid, (:key_low::text || :key_high::text)::uuid);
insert into orders_line (order_id, position, sku, title, quantity, unit_price) values (:id, 0, 'BENCH-' || :sku::text, :title, 1, :amount);
insert into orders_event (order_id, position, kind, actor, happened_at) values (:id, 0, 'order.placed', 'customer', now());
insert into stock_movement (sku, kind, quantity, order_id, moved_at, reason) values ('BENCH-' || :sku::text, 'RESERVED', 1, :id, now(), '');
update stock_item set reserved = reserved + 1 where sku = 'BENCH-' || :sku::text;
commit;
