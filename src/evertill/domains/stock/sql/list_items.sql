-- Balances in the order of SKUs, behind one of them; those that begin so, and of those that can run out the low ones.
select sku, kind, on_hand, reserved
from stock_item
where sku > %(after)s
  and sku >= %(from)s
  and sku < %(to)s
  and (%(low)s::bigint is null or (kind = 'COUNTED' and on_hand - reserved <= %(low)s))
order by sku
limit %(limit)s
