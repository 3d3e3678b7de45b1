-- The account that an order belongs to.
select account_id
from orders_order
where id = %s
