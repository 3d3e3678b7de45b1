-- Every seal, the first first.
select number, previous, key_id, sealed_at, batch_ids, event_orders, event_positions, leaves, root, signature
from receipts_seal
order by number
