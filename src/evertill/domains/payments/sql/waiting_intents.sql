-- Payments of these providers that wait for their money, oldest first.
select
    id, order_id, provider, way, state, amount, currency, captured, captured_currency, refunded, disputed, ending,
    provider_id, reason, next_kind, next_value, created_at, body_digest
from payments_intent
where look_at is not null
  and provider = any(%s::text[])
  and state in ('CREATED', 'PENDING')
order by created_at, id
limit %s
