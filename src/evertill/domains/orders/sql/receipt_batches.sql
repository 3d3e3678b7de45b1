-- The batches of receipts that orders were acknowledged with.
select id, receipt_batch
from orders_order
where id = any(%s::bigint[])
  and receipt_batch is not null
