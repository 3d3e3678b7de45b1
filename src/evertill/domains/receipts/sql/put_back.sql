-- Puts batches that were claimed and cannot be chained back into the queue, in the same transaction.
insert into receipts_unsealed (batch_id)
select unnest(%s::bigint[])
