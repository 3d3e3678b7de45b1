-- Payments by id.
select
    id, order_id, provider, way, state, amount, currency, captured, captured_currency, refunded, disputed, ending,
    provider_id, reason, next_kind, next_value, created_at, body_digest
from payments_intent
where id = any(%s::bigint[])
order by id
