-- What holds orders because of reviews, in the order in which reviews list it too.
select order_id, subject
from orders_hold
where released_at is null
  and reason = 'REVIEW'
order by order_id, subject collate "C"
