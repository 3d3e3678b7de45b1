-- Messages that wait or were given up, the latest first.
select key, kind, channel, order_id, account_id, recipient, language, facts::text, state, written_at, looks, error
from messages_message
where state <> 'SENT'
order by written_at desc, key
limit %s
