-- What was captured, in the order of the payments.
select id, order_id, captured, captured_currency
from payments_intent
where state = 'CAPTURED'
order by id
