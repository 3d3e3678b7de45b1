-- What each of some orders was paid, and how much of that went back or is promised.
select order_id, sum(captured)::bigint, sum(refunded)::bigint
from payments_intent
where order_id = any(%s)
  and ending in ('MATCHED', 'OVERPAID', 'LATE')
group by order_id
order by order_id
