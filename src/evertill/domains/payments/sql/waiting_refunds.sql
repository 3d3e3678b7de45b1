-- Refunds of these providers that have not been sent, oldest first.
select
    waiting.id, waiting.intent_id, waiting.kind, waiting.state, waiting.amount, waiting.reason, waiting.actor,
    waiting.body_digest
from payments_refund as waiting
join payments_intent as paid on paid.id = waiting.intent_id
where waiting.look_at is not null
  and waiting.state = 'REQUESTED'
  and paid.provider = any(%s::text[])
order by waiting.requested_at, waiting.id
limit %s
