-- The refunds of an order, with when each was asked for and ended.
select refund.id, refund.intent_id, refund.kind, refund.state, refund.amount, intent.captured_currency, refund.reason,
    refund.actor, refund.requested_at, refund.done_at
from payments_intent as intent
join payments_refund as refund on refund.intent_id = intent.id
where intent.order_id = %s
order by refund.requested_at, refund.id
limit %s
