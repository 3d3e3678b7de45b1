-- The newest orders of each of some accounts, so many of each: the account, and the order. An order's number has the
-- minute of its placing in front, so that the index by moment is as good as one by number, but for that minute.
select a.account_id, o.id
from unnest(%(accounts)s::bigint[]) as a(account_id)
cross join lateral (
    select id
    from orders_order
    where account_id = a.account_id
      and placed_at < %(until)s::timestamptz
      and placed_at >= %(since)s::timestamptz
    order by placed_at desc, id desc
    limit %(rows)s
) as o
