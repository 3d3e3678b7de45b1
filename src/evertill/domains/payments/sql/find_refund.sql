-- The refund that was asked for under a key.
select id, intent_id, kind, state, amount, reason, actor, body_digest
from payments_refund
where key_digest = %s
