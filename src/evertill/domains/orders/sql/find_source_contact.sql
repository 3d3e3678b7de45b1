-- Orders that are findable, by parts of an address or number: grams narrow down, the text itself decides. The latest
-- first, so that no more orders are looked at than a page needs.
from (
    select order_id
    from orders_found
    where order_id < %(behind)s::bigint
      and order_id >= %(floor)s::bigint
      and order_id < %(ceiling)s::bigint
      and orders_grams(contact) @> %(source_grams)s::text[]
      and contact like all (%(source_likes)s::text[])
    order by order_id desc
    offset 0
) as f
join orders_order as o on o.id = f.order_id
where o.id < %(behind)s::bigint
