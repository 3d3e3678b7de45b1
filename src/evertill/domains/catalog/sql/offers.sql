-- What order lines need to know of these SKUs: only those that customers may order, the price where there is one.
select variant.sku, variant.title, price.amount
from catalog_variant as variant
join catalog_product as product on product.id = variant.product_id
left join catalog_price as price on price.variant_id = variant.id and price.currency = %s
where variant.sku = any(%s::text[])
  and variant.is_active
  and product.status = 'ACTIVE'
