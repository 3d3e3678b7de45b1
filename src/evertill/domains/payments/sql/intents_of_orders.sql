-- Payments of orders, the latest of each order first.
select
    id, order_id, provider, way, state, amount, currency, captured, captured_currency, refunded, disputed, ending,
    provider_id, reason, next_kind, next_value, created_at, body_digest
from payments_intent
where order_id = any(%s::bigint[])
order by order_id, created_at desc, id desc
