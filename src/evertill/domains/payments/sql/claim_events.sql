-- Takes up to so many webhooks of a provider that wait to be handled, and plans the next try as for payments.
with due as (
    select provider, event_id
    from payments_event
    where look_at <= %(now)s::timestamptz
      and provider = %(provider)s
    order by look_at, provider, event_id
    limit %(limit)s
    for update skip locked
)
update payments_event as waiting
set look_at = %(now)s::timestamptz
        + least(%(wait_s_max)s, %(wait_s)s * 2 ^ least(waiting.looks, 20)) * interval '1 second',
    looks = waiting.looks + 1
from due
where waiting.provider = due.provider
  and waiting.event_id = due.event_id
  and waiting.look_at is not null
returning waiting.provider, waiting.event_id, waiting.intent_id
