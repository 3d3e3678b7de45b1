-- Keeps webhooks as they came, each once however often it comes, for payments that are ours.
insert into payments_event (provider, event_id, intent_id, body, received_at, look_at, looks)
select came.provider, came.event_id, came.intent_id, decode(came.body, 'hex'), %s::timestamptz, %s::timestamptz, 0
from unnest(%s::text[], %s::text[], %s::bigint[], %s::text[]) as came(provider, event_id, intent_id, body)
order by came.provider, came.event_id
on conflict (provider, event_id) do nothing
returning provider, event_id
