-- Orders that were paid, once for each payment that bought one, in the order of the orders.
select order_id, amount, currency
from payments_intent
where ending in ('MATCHED', 'OVERPAID', 'LATE')
order by order_id, id
