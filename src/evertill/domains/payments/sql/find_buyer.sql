-- The payment that bought an order; the audit sees that there is one at most.
select id
from payments_intent
where order_id = %s
  and ending in ('MATCHED', 'OVERPAID', 'LATE')
order by id
limit 1
