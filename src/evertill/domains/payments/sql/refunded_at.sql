-- When refunds came to their end.
select id, done_at
from payments_refund
where id = any(%s::bigint[])
  and done_at is not null
order by id
