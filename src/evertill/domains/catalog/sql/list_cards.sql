-- Products for staff, shown or hidden, the newest first, before one of them: by how they stand, and by words.
select
    product.id,
    product.slug,
    product.status,
    product.updated_at,
    coalesce(
        (
            select text.title
            from catalog_product_text as text
            where text.product_id = product.id
            order by array_position(%(languages)s::text[], text.language::text) nulls last, text.id
            limit 1
        ),
        product.slug
    ),
    array(
        select variant.sku
        from catalog_variant as variant
        where variant.product_id = product.id
        order by variant.position, variant.id
    )
from catalog_product as product
where (%(before)s::bigint is null or product.id < %(before)s)
  and (%(status)s = '' or product.status = %(status)s)
  and (
      %(is_all)s
      or exists (
          select
          from catalog_search as found
          where found.product_id = product.id
            and found.all_grams @> %(grams)s::int4[]
            and found.title || chr(10) || found.text like all(%(patterns)s::text[])
      )
  )
order by product.id desc
limit %(limit)s
