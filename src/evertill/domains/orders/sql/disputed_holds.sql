-- What holds orders because of disputes, in the order in which disputes list it too.
select order_id, subject, reason
from orders_hold
where released_at is null
  and reason in ('DISPUTE_OPEN', 'DISPUTE_LOST')
order by order_id, subject collate "C"
