-- Ends the waiting of orders that have their codes, each once, with how many those are.
update fulfilment_due as due
set state = 'GIVEN',
    pieces = given.pieces,
    ended_at = %s::timestamptz
from unnest(%s::bigint[], %s::text[], %s::bigint[]) as given (order_id, sku, pieces)
where due.order_id = given.order_id
  and due.sku = given.sku
  and due.state = 'WAITING'
