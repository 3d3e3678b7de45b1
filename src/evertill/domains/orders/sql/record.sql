-- Writes orders, their lines and their first event in one statement.
with placed as (
    insert into orders_order
        (
            id, state, currency, total, email, phone, language, account_id, placed_at, reserved_until, key_digest,
            body_digest, receipt_batch
        )
    select
        id, 'PLACED', currency, total, email, phone, language, nullif(account_id, 0), %s::timestamptz, %s::timestamptz,
        key_digest, body_digest, %s::bigint
    from unnest(
            %s::bigint[], %s::text[], %s::bigint[], %s::text[], %s::text[], %s::text[], %s::bigint[], %s::uuid[],
            %s::uuid[]
        ) as o(id, currency, total, email, phone, language, account_id, key_digest, body_digest)
),
lines as (
    insert into orders_line (order_id, position, sku, title, quantity, unit_price)
    select order_id, position, sku, title, quantity, unit_price
    from unnest(%s::bigint[], %s::int4[], %s::text[], %s::text[], %s::int4[], %s::bigint[])
        as l(order_id, position, sku, title, quantity, unit_price)
)
insert into orders_event (order_id, position, kind, actor, happened_at)
select id, 0, 'order.placed', 'customer', %s::timestamptz
from unnest(%s::bigint[]) as placed(id)
