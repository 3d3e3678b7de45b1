-- Notes the batch of receipts of orders that had none.
update orders_order
set receipt_batch = %s::bigint
where id = any(%s::bigint[])
  and receipt_batch is null
