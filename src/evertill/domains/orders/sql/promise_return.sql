-- Counts pieces as given back and writes down by which refund, line by line; a line that has not so many left is
-- missing from both. The row lock of the update keeps two requests apart.
with asked as (
    select position, quantity
    from unnest(%(positions)s::int4[], %(quantities)s::int4[]) as a(position, quantity)
),
counted as (
    update orders_line as line
    set returned = line.returned + asked.quantity
    from asked
    where line.order_id = %(order_id)s
      and line.position = asked.position
      and line.returned + asked.quantity <= line.quantity
    returning line.position, asked.quantity
)
insert into orders_return (refund_id, position, order_id, quantity, state, restock, actor, promised_at, ended_at)
select
    %(refund_id)s, position, %(order_id)s, quantity, 'PROMISED', %(restock)s, %(actor)s, %(now)s::timestamptz, null
from counted
