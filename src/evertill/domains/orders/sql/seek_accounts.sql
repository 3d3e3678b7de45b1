-- The orders of some accounts. The fence (offset 0) keeps it to one look into the index for each.
select placed.id
from unnest(%(accounts)s::bigint[]) as a(account_id)
cross join lateral (
    select id
    from orders_order
    where account_id = a.account_id
    offset 0
) as placed
where placed.id between %(low)s and %(high)s
order by placed.id desc
limit %(limit)s
