-- What staff said about an order, the first first.
select id, text, written_by, written_at
from orders_note
where order_id = %s
order by written_at, id
limit %s
