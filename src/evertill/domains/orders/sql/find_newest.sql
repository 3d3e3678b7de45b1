-- The newest orders of a stretch, a bounded number, as they stand: what is common is found here at once, and what is so
-- new that no job has made it findable yet is found nowhere else.
from (
    select id, state, currency, total, email, phone, account_id, placed_at
    from orders_order
    where id < %(below)s::bigint
      and id >= %(floor)s::bigint
    order by id desc
    limit %(rows)s
) as o
where true
