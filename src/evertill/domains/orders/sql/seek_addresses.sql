-- Guests' orders that were placed with any of these addresses or numbers, each in its one spelling. The fence (offset
-- 0) keeps it to one look into the index for each; the hash is what the index knows, the address itself decides.
with found as (
    select placed.id
    from unnest(%(emails)s::text[]) as a(address)
    cross join lateral (
        select id
        from orders_order
        where account_id is null
          and email <> ''
          and hashtextextended(lower(email collate "C"), 0) = hashtextextended(a.address, 0)
          and lower(email collate "C") = a.address
        offset 0
    ) as placed
    union
    select placed.id
    from unnest(%(phones)s::text[]) as a(number)
    cross join lateral (
        select id
        from orders_order
        where account_id is null
          and phone <> ''
          and hashtextextended(phone, 0) = hashtextextended(a.number, 0)
          and phone = a.number
        offset 0
    ) as placed
)
select id
from found
where id between %(low)s and %(high)s
order by id desc
limit %(limit)s
