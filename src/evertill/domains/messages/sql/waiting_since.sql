-- When the oldest message that waits for a channel was written.
select min(written_at)
from messages_message
where state = 'WAITING'
  and channel = %s
