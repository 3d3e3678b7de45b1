-- Products on show in whose titles or SKUs all words stand, after one of them, in the order they were created.
select product.id, product.slug
from catalog_search as found
join catalog_product as product on product.id = found.product_id
where found.title_grams @> %(grams)s::int4[]
  and found.title like all(%(patterns)s::text[])
  and found.product_id > %(after)s
  and product.status = 'ACTIVE'
  and exists (select from catalog_variant as variant where variant.product_id = product.id and variant.is_active)
  and exists (select from catalog_product_text as text where text.product_id = product.id)
  and (
      %(category)s::bigint is null
      or exists (
          select from catalog_filing as filing
          where filing.category_id = %(category)s and filing.product_id = product.id
      )
  )
order by product.id
limit %(limit)s
