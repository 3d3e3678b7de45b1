-- Under which keys payments were asked for.
select id, key_digest
from payments_intent
where id = any(%s::bigint[])
