-- Ends what a refund promised, once. Pieces that were not given back after all can be given back by another refund.
with ended as (
    update orders_return
    set state = case when %(is_done)s then 'DONE' else 'UNDONE' end,
        ended_at = %(now)s::timestamptz
    where refund_id = %(refund_id)s
      and state = 'PROMISED'
    returning order_id, position, quantity
)
update orders_line as line
set returned = line.returned - ended.quantity
from ended
where line.order_id = ended.order_id
  and line.position = ended.position
  and not %(is_done)s
