-- The payment that was asked for under a key.
select
    id, order_id, provider, way, state, amount, currency, captured, captured_currency, refunded, disputed, ending,
    provider_id, reason, next_kind, next_value, created_at, body_digest
from payments_intent
where key_digest = %s
