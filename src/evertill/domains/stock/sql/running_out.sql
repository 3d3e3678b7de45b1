-- What is counted and nearly gone: pieces that can still be sold, the fewest first.
select sku, kind, on_hand, reserved
from stock_item
where kind = 'COUNTED'
  and on_hand - reserved <= %s
order by on_hand - reserved, sku
limit %s
