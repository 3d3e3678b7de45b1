-- Locks one payment, and reads it as it is once the lock is held.
select
    id, order_id, provider, way, state, amount, currency, captured, captured_currency, refunded, disputed, ending,
    provider_id, reason, next_kind, next_value, created_at, body_digest
from payments_intent
where id = %s
for no key update
