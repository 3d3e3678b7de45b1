-- Ends the waiting of orders that are to get no more codes.
update fulfilment_due
set state = 'VOID',
    ended_at = %s::timestamptz
where order_id = any(%s::bigint[])
  and state = 'WAITING'
