-- Several messages, by their keys.
select key, kind, channel, order_id, account_id, recipient, language, facts::text, state, written_at, looks, error
from messages_message
where key = any(%s::text[])
order by written_at desc, key
