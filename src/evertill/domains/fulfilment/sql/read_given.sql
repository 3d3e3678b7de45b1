-- The codes that an order was given, line by line.
select id, sku, position, piece, secret, key_id, given_at
from fulfilment_code
where order_id = %s::bigint
order by position, piece
