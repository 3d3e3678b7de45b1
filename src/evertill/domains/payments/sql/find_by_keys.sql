-- The payments that were asked for under these keys.
select
    id, order_id, provider, way, state, amount, currency, captured, captured_currency, refunded, disputed, ending,
    provider_id, reason, next_kind, next_value, created_at, body_digest, key_digest
from payments_intent
where key_digest = any(%s::uuid[])
