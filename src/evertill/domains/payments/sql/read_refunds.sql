-- Refunds by id.
select id, intent_id, kind, state, amount, reason, actor, body_digest
from payments_refund
where id = any(%s::bigint[])
order by id
