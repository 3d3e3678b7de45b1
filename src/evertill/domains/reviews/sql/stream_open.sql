-- The orders that wait for somebody to decide, in the order of their ids.
select order_id
from reviews_review
where ended_at is null
order by order_id
