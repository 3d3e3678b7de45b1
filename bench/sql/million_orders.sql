-- The drawn orders with their lines, and the events that tell how each came to its state.
with line as materialized (
    select
        drawn.id,
        position,
        -- 337 shares no factor with 1,000, so the lines of one order name different goods.
        %(sku_first)s::int + (good + position * 337) %% %(skus)s::int as sku_number,
        1 + (good + position) %% 3 as quantity
    from drawn
    cross join lateral generate_series(0, lines - 1) as position
),
orders as (
    insert into orders_order
        (id, state, currency, total, email, phone, language, account_id, placed_at, reserved_until, key_digest,
         body_digest)
    select
        id, drawn.state, currency, total, email, phone, language, account_id, placed_at,
        placed_at + interval '30 minutes', md5('key' || number)::uuid, md5('body' || number)::uuid
    from drawn
    join (select id, sum(quantity * (500 + sku_number)) as total from line group by id) as totals using (id)
    order by placed_at, id
),
lines as (
    insert into orders_line (order_id, position, sku, title, quantity, unit_price)
    select id, position, 'BENCH-' || sku_number, 'Bench good ' || sku_number, quantity, 500 + sku_number
    from line
)
insert into orders_event (order_id, position, kind, actor, happened_at)
select id, 0, 'order.placed', 'customer', placed_at
from drawn
union all
select
    id, 1, case when state = 'REFUNDED' then 'order.paid' else 'order.' || lower(state) end,
    case state when 'EXPIRED' then 'clock' when 'CANCELLED' then 'customer' else 'provider' end,
    placed_at + case when state in ('EXPIRED', 'CANCELLED') then interval '30 minutes' else interval '2 minutes' end
from drawn
where state <> 'PLACED'
union all
select id, 2, 'refund.requested', 'shop', placed_at + interval '1 day'
from drawn
where refunded_of > 0
union all
select id, 3, 'refund.succeeded', 'shop', placed_at + interval '1 day 1 minute'
from drawn
where refunded_of > 0
union all
select id, 4, 'order.refunded', 'shop', placed_at + interval '1 day 1 minute'
from drawn
where state = 'REFUNDED'
