-- Holds orders that the caller has locked, each once for a reason and a subject.
insert into orders_hold (order_id, reason, subject, actor, held_at, released_by)
select id, %s, %s, %s, %s::timestamptz, ''
from orders_order
where id = any(%s::bigint[])
order by id
on conflict (order_id, reason, subject) where released_at is null do nothing
returning order_id
