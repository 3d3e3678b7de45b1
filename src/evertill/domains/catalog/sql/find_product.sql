-- The product on show that has a slug.
select product.id, product.slug
from catalog_product as product
where product.slug = %s
  and product.status = 'ACTIVE'
  and exists (select from catalog_variant as variant where variant.product_id = product.id and variant.is_active)
  and exists (select from catalog_product_text as text where text.product_id = product.id)
