-- What movements say that came back of each order, by SKU: one row for each, in the order in which orders list it too.
select order_id, sku, sum(quantity)::bigint
from stock_movement
where order_id is not null
  and kind = 'RETURNED'
group by order_id, sku
order by order_id, sku
