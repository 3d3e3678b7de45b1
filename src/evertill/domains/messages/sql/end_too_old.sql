-- Gives up messages that waited so long that they would only puzzle whoever gets them.
with old as (
    select key
    from messages_message
    where state = 'WAITING'
      and channel = %s
      and written_at < %s::timestamptz
    order by written_at, key
    limit %s
    for update skip locked
)
update messages_message as waiting
set state = 'UNDELIVERABLE',
    error = 'waited too long',
    ended_at = %s::timestamptz,
    look_at = null
from old
where waiting.key = old.key
  and waiting.state = 'WAITING'
