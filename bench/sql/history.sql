-- Orders first..last of `total`, spread evenly from `since` to `until`, as the shop would have left them: one to three
-- lines, placed, then expired or cancelled, the goods reserved and released again, so balances stay as they are.
-- Identifiers are those of kernel.ids: the minute since its epoch, then 35 random bits.
with drawn as materialized (
    select
        (floor(extract(epoch from moment - %(epoch)s::timestamptz) / 60)::bigint << 35)
            | floor(random() * (1::bigint << 35))::bigint as id,
        moment as placed_at,
        case when random() < 0.8 then 'EXPIRED' else 'CANCELLED' end as state,
        case when chance < 0.60 then 1 when chance < 0.85 then 2 else 3 end as lines,
        floor(random() * %(skus)s::int)::int as good,
        gen_random_uuid() as key_digest,
        gen_random_uuid() as body_digest
    from (
        select
            %(since)s::timestamptz
                + (%(until)s::timestamptz - %(since)s::timestamptz) * (n::float8 / %(total)s::float8) as moment,
            random() as chance
        from generate_series(%(first)s::bigint, %(last)s::bigint) as n
        order by n
    ) as moments
),
line as materialized (
    select id, placed_at, state, position, sku_number, 1 + (sku_number + position) %% 3 as quantity
    from drawn
    cross join lateral (
        -- 337 shares no factor with 1,000, so the lines of one order name different goods.
        select position, %(sku_first)s::int + (good + position * 337) %% %(skus)s::int as sku_number
        from generate_series(0, lines - 1) as position
    ) as lines
),
orders as (
    insert into orders_order
        (id, state, currency, total, email, placed_at, reserved_until, key_digest, body_digest)
    select
        id, drawn.state, 'GBP', total, 'buyer@example.org', placed_at, placed_at + interval '30 minutes',
        key_digest, body_digest
    from drawn
    join (select id, sum(quantity * (500 + sku_number)) as total from line group by id) as totals using (id)
),
lines as (
    insert into orders_line (order_id, position, sku, title, quantity, unit_price)
    select id, position, 'BENCH-' || sku_number, 'Bench good ' || sku_number, quantity, 500 + sku_number
    from line
),
events as (
    insert into orders_event (order_id, position, kind, actor, happened_at)
    select
        id, step, case when step = 0 then 'order.placed' else 'order.' || lower(state) end,
        case when step = 1 and state = 'EXPIRED' then 'clock' else 'customer' end,
        placed_at + step * interval '30 minutes'
    from drawn
    cross join generate_series(0, 1) as step
)
insert into stock_movement (sku, kind, quantity, order_id, moved_at, reason)
select
    'BENCH-' || sku_number, case when step = 0 then 'RESERVED' else 'RELEASED' end, quantity, id,
    placed_at + step * interval '30 minutes', ''
from line
cross join generate_series(0, 1) as step
