-- Every event that a seal holds, by order and position; its leaf stands behind those of the seal's batches.
select
    told.order_id,
    told.position,
    seal.number,
    substr(seal.leaves, (32 * (cardinality(seal.batch_ids) + told.place - 1) + 1)::int4, 32)
from receipts_seal as seal
cross join unnest(seal.event_orders, seal.event_positions) with ordinality as told(order_id, position, place)
order by told.order_id, told.position, seal.number
