-- Gives an account guests' orders that were placed with an address, a bounded number at a time. They are locked in the
-- order of their ids, as everybody does who locks several; one that somebody else claimed meanwhile is passed over.
-- The hash is what the index knows; the address itself decides.
with guests as (
    select id
    from orders_order
    where account_id is null
      and email <> ''
      and hashtextextended(lower(email collate "C"), 0) = hashtextextended(lower(%(address)s::text collate "C"), 0)
      and lower(email collate "C") = lower(%(address)s::text collate "C")
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
