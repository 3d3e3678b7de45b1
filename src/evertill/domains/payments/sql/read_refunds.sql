-- Refunds by id.
select id, intent_id, kind, state, amount, reason, actor
from payments_refund
where id = any(%s::bigint[])
order by id
