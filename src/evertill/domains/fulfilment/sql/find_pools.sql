-- Which of these SKUs are sold by codes.
select sku
from fulfilment_pool
where sku = any(%s::text[])
order by sku
