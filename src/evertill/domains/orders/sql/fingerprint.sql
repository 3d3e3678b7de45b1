-- How many orders were placed before a moment, and a number that no other set of them is likely to have.
select count(*), coalesce(bit_xor(hashint8extended(id, 20261122)), 0)
from orders_order
where placed_at < %s::timestamptz
