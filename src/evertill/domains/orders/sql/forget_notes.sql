-- Takes out what staff said about orders; that somebody said something stays.
update orders_note
set text = 'removed'
where order_id = any(%s::bigint[])
