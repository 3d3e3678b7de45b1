-- Looks at orders again at a moment.
update fulfilment_due
set look_at = %s::timestamptz
where order_id = any(%s::bigint[])
  and state = 'WAITING'
