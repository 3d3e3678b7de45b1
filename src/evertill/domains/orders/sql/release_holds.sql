-- Releases what holds orders because of a subject.
update orders_hold
set released_at = %s::timestamptz,
    released_by = %s
where order_id = any(%s::bigint[])
  and subject = %s
  and released_at is null
returning order_id
