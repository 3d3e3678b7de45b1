-- When the oldest message that waits was written.
select min(written_at)
from messages_message
where state = 'WAITING'
