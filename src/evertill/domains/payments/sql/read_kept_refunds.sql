-- Refunds of payments as they came to stand, with the provider's ids and the keys under which they were asked for.
select id, intent_id, kind, state, amount, reason, actor, body_digest, provider_id, key_digest
from payments_refund
where intent_id = any(%s::bigint[])
order by id
