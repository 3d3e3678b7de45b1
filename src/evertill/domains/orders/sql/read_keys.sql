-- Under which keys orders were placed.
select id, key_digest, body_digest
from orders_order
where id = any(%s::bigint[])
