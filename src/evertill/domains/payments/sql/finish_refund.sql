-- Ends a refund once; money that could not be given back is not promised any more.
with finished as (
    update payments_refund
    set state = %(state)s,
        provider_id = %(provider_id)s,
        done_at = %(now)s::timestamptz,
        look_at = null
    where id = %(refund_id)s
      and state = 'REQUESTED'
    returning intent_id, amount
),
taken_back as (
    update payments_intent as intent
    set refunded = intent.refunded - finished.amount
    from finished
    where intent.id = finished.intent_id
      and %(state)s = 'FAILED'
)
select intent_id
from finished
