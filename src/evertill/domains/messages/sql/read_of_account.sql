-- Messages about an account, the latest first.
select key, kind, channel, order_id, account_id, recipient, language, facts::text, state, written_at, looks, error
from messages_message
where account_id = %s::bigint
order by written_at desc, key
limit %s
