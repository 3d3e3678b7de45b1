-- Every order by its number with the canonical bytes of its facts, as receipts sign them; and how it is reached.
with lines as (
    select
        order_id,
        count(*)::int4 as lines,
        sha256(
            string_agg(
                int2send(octet_length(sku)::int2) || convert_to(sku, 'UTF8') || int4send(quantity)
                    || int8send(unit_price),
                ''::bytea
                order by position
            )
        ) as digest
    from orders_line
    group by order_id
)
select
    placed.id,
    placed.receipt_batch,
    '\x01'::bytea
        || int8send(placed.id)
        || int8send((extract(epoch from placed.placed_at) * 1000000)::bigint)
        || convert_to(placed.currency, 'UTF8')
        || int8send(placed.total)
        || int4send(coalesce(lines.lines, 0))
        || coalesce(lines.digest, sha256(''::bytea)),
    placed.email,
    placed.phone
from orders_order as placed
left join lines on lines.order_id = placed.id
order by placed.id
