-- Takes the oldest unpaid orders whose reservation has run out, passing over those that somebody else is working on.
select id
from orders_order
where state = 'PLACED'
  and reserved_until < %s
order by reserved_until, id
limit %s
for update skip locked
