-- Submissions that have an order, in their order.
select id, key_digest, order_id
from submissions_submission
where state = 'PLACED'
order by id
