-- Takes out of an account's orders how its customer was reached, a bounded number at a time; what the books need stays.
with named as (
    select id
    from orders_order
    where account_id = %(account_id)s
      and (email <> %(nobody)s or phone <> '')
    order by id
    limit %(limit)s
    for no key update
)
update orders_order as placed
set email = %(nobody)s,
    phone = ''
from named
where placed.id = named.id
  and placed.account_id = %(account_id)s
returning placed.id
