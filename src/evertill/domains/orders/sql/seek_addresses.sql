-- Guests' orders that were placed with any of these addresses or numbers, each in its one spelling. The hashes are what
-- the indexes know, and are looked up one by one; the address itself decides.
select id
from (
    select id
    from orders_order
    where account_id is null
      and email <> ''
      and hashtextextended(lower(email collate "C"), 0)
          = any(array(select hashtextextended(address, 0) from unnest(%(emails)s::text[]) as a(address)))
      and lower(email collate "C") = any(%(emails)s::text[])
    union
    select id
    from orders_order
    where account_id is null
      and phone <> ''
      and hashtextextended(phone, 0)
          = any(array(select hashtextextended(number, 0) from unnest(%(phones)s::text[]) as a(number)))
      and phone = any(%(phones)s::text[])
) as placed
where id between %(low)s and %(high)s
order by id desc
limit %(limit)s
