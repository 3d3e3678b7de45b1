-- Takes orders that were acknowledged without a receipt, the oldest numbers first.
select id
from orders_order
where receipt_batch is null
order by id
limit %s
for no key update
