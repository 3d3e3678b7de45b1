-- What variants of products are called in languages beyond the shop's first.
select variant.sku, text.language, text.title
from catalog_variant as variant
join catalog_variant_text as text on text.variant_id = variant.id
where variant.product_id = any(%s::bigint[])
  and variant.is_active
order by variant.sku, text.language
