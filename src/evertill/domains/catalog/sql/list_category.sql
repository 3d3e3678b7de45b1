-- Products on show on one shelf, after one of them, in the order they were created: a piece of an index.
select product.id, product.slug
from catalog_filing as filing
join catalog_product as product on product.id = filing.product_id
where filing.category_id = %s
  and filing.product_id > %s
  and product.status = 'ACTIVE'
  and exists (select from catalog_variant as variant where variant.product_id = product.id and variant.is_active)
  and exists (select from catalog_product_text as text where text.product_id = product.id)
order by filing.product_id
limit %s
