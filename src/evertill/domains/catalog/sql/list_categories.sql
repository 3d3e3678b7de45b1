-- Categories by their titles in every language, all of them, or those that are not retired and in which something is on
-- show. One product on show is enough: with a limit it is looked for one by one, instead of joining all that is filed.
select
    category.slug,
    coalesce(above.slug, ''),
    text.language,
    text.title,
    category.is_retired or coalesce(above.is_retired, false)
from catalog_category as category
left join catalog_category as above on above.id = category.parent_id
join catalog_category_text as text on text.category_id = category.id
where %s
   or not category.is_retired and not coalesce(above.is_retired, false) and (
        select true
        from catalog_filing as filing
        join catalog_product as product on product.id = filing.product_id
        where filing.category_id = category.id
          and product.status = 'ACTIVE'
          and exists (
              select from catalog_variant as variant where variant.product_id = product.id and variant.is_active
          )
        order by filing.product_id
        limit 1
    )
order by category.position, category.id, text.language
