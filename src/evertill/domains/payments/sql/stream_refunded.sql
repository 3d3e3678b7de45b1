-- What was given back, in the order of the refunds.
select refund.id, refund.amount, paid.captured_currency
from payments_refund as refund
join payments_intent as paid on paid.id = refund.intent_id
where refund.state = 'SUCCEEDED'
order by refund.id
