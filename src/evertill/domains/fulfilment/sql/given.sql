-- How many codes orders were given, by SKU.
select order_id, sku, count(*) as codes
from fulfilment_code
where order_id is not null
group by order_id, sku
order by order_id, sku
