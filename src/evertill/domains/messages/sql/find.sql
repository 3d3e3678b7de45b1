-- One message.
select key, kind, order_id, recipient, language, facts::text, state, written_at, looks, error
from messages_message
where key = %s
