-- Locks one order, and reads its state as it is once the lock is held.
select state
from orders_order
where id = %s
for no key update
