-- The same for a telephone number.
with guests as (
    select id
    from orders_order
    where account_id is null
      and phone <> ''
      and hashtextextended(phone, 0) = hashtextextended(%(address)s::text, 0)
      and phone = %(address)s::text
      and placed_at >= %(placed_after)s::timestamptz
    order by id
    limit %(limit)s
    for no key update
)
update orders_order as placed
set account_id = %(account_id)s
from guests
where placed.id = guests.id
  and placed.account_id is null
