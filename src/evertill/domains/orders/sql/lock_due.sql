-- Locks orders in the order of their ids, so that two batches can never wait for each other in a circle, and reads what
-- they owe as it is once the locks are held.
select id, state, total, currency, email, phone, language, account_id
from orders_order
where id = any(%s::bigint[])
order by id
for no key update
