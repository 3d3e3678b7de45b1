-- Every acknowledgement by its order's number: its batch, leaf and contact digest.
select
    told.order_id,
    batch.id,
    batch.key_id,
    substr(batch.leaves, (32 * (told.place - 1) + 1)::int4, 32),
    substr(batch.contacts, (16 * (told.place - 1) + 1)::int4, 16)
from receipts_batch as batch
cross join unnest(batch.order_ids) with ordinality as told(order_id, place)
order by told.order_id, batch.id
