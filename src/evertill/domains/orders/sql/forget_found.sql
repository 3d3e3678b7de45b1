-- Takes out of what is searched how customers of these orders were reached.
update orders_found
set contact = ''
where order_id = any(%s::bigint[])
