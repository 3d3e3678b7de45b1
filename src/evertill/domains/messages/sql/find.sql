-- One message.
select key, kind, channel, order_id, account_id, recipient, language, facts::text, state, written_at, looks, error
from messages_message
where key = %s
