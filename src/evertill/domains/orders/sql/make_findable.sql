-- Makes the next orders findable that were placed before a moment, and moves on behind them. One job at a time.
with finding as materialized (
    select behind
    from orders_finding
    for update
),
next as materialized (
    select o.id, lower(o.email collate "C") || ' ' || o.phone as contact, o.total
    from orders_order as o
    where o.id > (select behind from finding)
      and o.id < %(until)s::bigint
    order by o.id
    limit %(limit)s
),
written as (
    insert into orders_found (order_id, contact, total)
    select id, contact, total
    from next
    order by id
    on conflict (order_id) do nothing
),
moved as (
    update orders_finding
    set behind = (select max(id) from next)
    where exists (select from next)
)
select count(*)
from next
