-- Writes messages, each once: whoever tells of the same again changes nothing. In the order of keys, so that two
-- batches cannot wait for each other in a circle.
insert into messages_message
    (key, kind, channel, order_id, account_id, claim_id, recipient, language, facts, state, written_at, look_at, looks,
     ended_at, error)
select key, kind, channel, nullif(order_id, -1), nullif(account_id, -1), nullif(claim_id, -1), recipient, language,
    facts::jsonb, 'WAITING', %s::timestamptz, %s::timestamptz, 0, null, ''
from unnest(
        %s::text[], %s::text[], %s::text[], %s::bigint[], %s::bigint[], %s::bigint[], %s::text[], %s::text[], %s::text[]
    ) as new(key, kind, channel, order_id, account_id, claim_id, recipient, language, facts)
order by key
on conflict (key) do nothing
