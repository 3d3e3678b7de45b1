-- Payments of an order, the latest first.
select
    id, order_id, provider, way, state, amount, currency, captured, captured_currency, refunded, disputed, ending,
    provider_id, reason, next_kind, next_value, created_at, body_digest
from payments_intent
where order_id = %s
order by created_at desc, id desc
limit %s
