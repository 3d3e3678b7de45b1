-- What staff said about some orders, the first first.
select order_id, id, text, written_by, written_at
from orders_note
where order_id = any(%s::bigint[])
order by order_id, written_at, id
