-- Keeps a seal; its number is taken once, whoever else tries.
insert into receipts_seal (
    number, previous, key_id, sealed_at, batch_ids, event_orders, event_positions, leaves, root, signature
)
values (
    %s, %s::bytea, %s, %s::timestamptz, %s::bigint[], %s::bigint[], %s::int4[], %s::bytea, %s::bytea, %s::bytea
)
