-- Takes what an account holder is to be told, as claim does; of its own, because messages about orders that wait for a
-- mail server may be many, and none of them is looked at here.
with due as (
    select key
    from messages_message
    where state = 'WAITING'
      and channel = %s
      and order_id is null
  and claim_id is null
      and look_at <= %s::timestamptz
    order by look_at, key
    limit 1
    for update skip locked
)
update messages_message as taken
set look_at = %s::timestamptz + interval '5 minutes',
    looks = taken.looks + 1
from due
where taken.key = due.key
  and taken.state = 'WAITING'
returning
    taken.key, taken.kind, taken.channel, taken.order_id, taken.account_id, taken.recipient, taken.language,
    taken.facts::text, taken.state, taken.written_at, taken.looks, taken.error
