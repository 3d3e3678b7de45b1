-- On which shelves products stand by themselves.
select filing.product_id, category.slug
from catalog_filing as filing
join catalog_category as category on category.id = filing.category_id
where filing.product_id = any(%s::bigint[])
  and filing.is_own
order by filing.product_id, category.position, category.id
