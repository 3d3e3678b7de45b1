-- What went back on sale of each order, by SKU: one row for each, in the order in which stock lists it too.
select given.order_id, line.sku, sum(given.quantity)::bigint
from orders_return as given
join orders_line as line on line.order_id = given.order_id and line.position = given.position
where given.state = 'DONE'
  and given.restock
group by given.order_id, line.sku
order by given.order_id, line.sku
