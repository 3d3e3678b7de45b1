-- Leaves undone what waits. What is being done at this moment is waited for, and then no longer waits.
update bulk_item
set state = 'CANCELLED', ended_at = %s::timestamptz
where bulk_id = %s::bigint
  and state = 'WAITING'
