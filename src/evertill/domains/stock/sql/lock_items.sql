-- Locks the balances of these SKUs in SKU order, so that two batches can never wait for each other in a circle,
-- and reads them as they are once the locks are held.
select sku, kind, on_hand, reserved
from stock_item
where sku = any(%s::text[])
order by sku
for no key update
