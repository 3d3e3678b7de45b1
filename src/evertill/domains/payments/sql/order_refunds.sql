-- Refunds of an order's payments, the latest first.
select
    refund.id, refund.intent_id, refund.kind, refund.state, refund.amount, refund.reason, refund.actor,
    refund.body_digest
from payments_refund as refund
join payments_intent as paid on paid.id = refund.intent_id
where paid.order_id = %s
order by refund.requested_at desc, refund.id desc
limit %s
