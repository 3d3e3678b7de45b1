-- The products on show to which SKUs belong.
select product.id, product.slug
from catalog_product as product
where product.id in (
        select variant.product_id
        from catalog_variant as variant
        where variant.sku = any(%s::text[]) and variant.is_active
    )
  and product.status = 'ACTIVE'
  and exists (select from catalog_product_text as text where text.product_id = product.id)
order by product.id
