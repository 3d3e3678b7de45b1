-- The balances of these SKUs as they stand, without locking them.
select sku, kind, on_hand, reserved
from stock_item
where sku = any(%s::text[])
