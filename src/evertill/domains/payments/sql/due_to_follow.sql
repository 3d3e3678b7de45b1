-- Providers that have payments or refunds which are due to be followed.
select provider
from payments_intent
where look_at <= %(now)s::timestamptz
union
select paid.provider
from payments_refund as refund
join payments_intent as paid on paid.id = refund.intent_id
where refund.look_at <= %(now)s::timestamptz
order by provider
