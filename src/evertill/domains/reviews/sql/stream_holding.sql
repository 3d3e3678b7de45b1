-- The reviews that hold their orders: those that nobody has decided, and those that refused.
select order_id, id
from reviews_review
where state in ('WAITING', 'TAKEN', 'ASKED', 'REFUSED')
order by order_id, id
