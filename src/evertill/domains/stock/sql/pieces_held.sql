-- What movements say that each order holds, by SKU: one row for each, in the order in which orders list it too.
select
    order_id,
    sku,
    sum(case when kind = 'RESERVED' then quantity else -quantity end)::bigint
from stock_movement
where order_id is not null
  and kind in ('RESERVED', 'RELEASED', 'SOLD')
group by order_id, sku
having sum(case when kind = 'RESERVED' then quantity else -quantity end) <> 0
order by order_id, sku
