-- Products that no search can find: saved by a release that kept no words.
select product.id
from catalog_product as product
where not exists (select from catalog_search as found where found.product_id = product.id)
order by product.id
limit %s
