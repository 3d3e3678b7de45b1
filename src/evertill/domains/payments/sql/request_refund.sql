-- Promises money back and writes the refund, both or neither: never more than was captured and is not
-- disputed. The row lock of the update keeps two requests apart.
with promised as (
    update payments_intent
    set refunded = refunded + %(amount)s::bigint
    where id = %(intent_id)s
      and state = 'CAPTURED'
      and refunded + disputed + %(amount)s::bigint <= captured
    returning id
)
insert into payments_refund
    (id, intent_id, kind, state, amount, reason, actor, provider_id, requested_at, done_at, look_at, looks, key_digest,
     body_digest)
select
    %(refund_id)s, id, %(kind)s, 'REQUESTED', %(amount)s::bigint, %(reason)s, %(actor)s, '', %(now)s::timestamptz, null,
    %(now)s::timestamptz + interval '10 seconds', 0, %(key_digest)s::uuid,
    %(body_digest)s::uuid
from promised
