-- An account's orders, the latest first, from behind one of them on; behind one that is not the account's there is
-- nothing.
select id, state, currency, total, email, phone, language, account_id, placed_at, reserved_until
from orders_order
where account_id = %(account_id)s
  and (
    %(behind)s::bigint is null
    or (placed_at, id) < (
        select last.placed_at, last.id
        from orders_order as last
        where last.id = %(behind)s::bigint
          and last.account_id = %(account_id)s
    )
  )
order by placed_at desc, id desc
limit %(limit)s
