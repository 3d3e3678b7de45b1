-- Payments that have not ended, the one that is looked after next before the others.
select
    id, order_id, provider, way, state, amount, currency, captured, captured_currency, refunded, disputed, ending,
    provider_id, reason, next_kind, next_value, created_at, body_digest
from payments_intent
where look_at is not null
  and state in ('CREATED', 'PENDING', 'AUTHORIZED')
order by look_at, id
limit %s::bigint
