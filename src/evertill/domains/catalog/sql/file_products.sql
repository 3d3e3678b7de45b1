-- Puts products onto exactly these shelves and those above them; tells which products were moved.
with wanted as (
    select given.product_id, category.id as category_id, true as is_own
    from unnest(%s::bigint[], %s::text[]) as given (product_id, slug)
    join catalog_category as category on category.slug = given.slug
    union
    select given.product_id, category.parent_id, false
    from unnest(%s::bigint[], %s::text[]) as given (product_id, slug)
    join catalog_category as category on category.slug = given.slug
    where category.parent_id is not null
),
-- What stands on a shelf by itself does not stand there for a lower one too.
filed as (
    select product_id, category_id, bool_or(is_own) as is_own
    from wanted
    group by product_id, category_id
),
removed as (
    delete from catalog_filing as filing
    where filing.product_id = any(%s::bigint[])
      and not exists (
          select from filed where filed.product_id = filing.product_id and filed.category_id = filing.category_id
      )
    returning filing.product_id
),
written as (
    insert into catalog_filing as filing (product_id, category_id, is_own)
    select product_id, category_id, is_own
    from filed
    on conflict (category_id, product_id) do update
    set is_own = excluded.is_own
    where filing.is_own <> excluded.is_own
    returning filing.product_id
)
select product_id from removed
union
select product_id from written
