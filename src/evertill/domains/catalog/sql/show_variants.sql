-- What can be ordered of products, with its prices: a row for each price, and one without for what has none.
select variant.product_id, variant.sku, variant.title, price.currency, price.amount
from catalog_variant as variant
left join catalog_price as price on price.variant_id = variant.id
where variant.product_id = any(%s::bigint[])
  and variant.is_active
order by variant.product_id, variant.position, variant.id, price.currency, price.id
