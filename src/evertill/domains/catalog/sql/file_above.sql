-- After shelves have moved: what is on a lower shelf is on the one above it, and on no other that it does not stand on.
with above as (
    select distinct filing.product_id, category.parent_id as category_id
    from catalog_filing as filing
    join catalog_category as category on category.id = filing.category_id
    where filing.is_own and category.parent_id is not null
),
removed as (
    delete from catalog_filing as filing
    where not filing.is_own
      and not exists (
          select from above where above.product_id = filing.product_id and above.category_id = filing.category_id
      )
)
insert into catalog_filing (product_id, category_id, is_own)
select product_id, category_id, false
from above
on conflict (category_id, product_id) do nothing
