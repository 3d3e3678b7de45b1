-- Refunds in some state, or in any, the latest first, from behind one on; and when each was asked for.
select
    id, intent_id, kind, state, amount, reason, actor, body_digest, requested_at
from payments_refund
where id < %s::bigint
  and (state = any(%s::text[]))
order by id desc
limit %s::bigint
