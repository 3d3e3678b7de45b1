-- Gives codes that are free and locked to pieces of lines of orders.
update fulfilment_code as code
set order_id = given.order_id,
    position = given.position,
    piece = given.piece,
    given_at = %s::timestamptz
from unnest(%s::bigint[], %s::bigint[], %s::int4[], %s::int4[], %s::text[])
    as given (code_id, order_id, position, piece, sku)
where code.id = given.code_id
  and code.sku = given.sku
  and code.order_id is null
