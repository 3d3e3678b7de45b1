-- Removes what was written long ago, a bounded number at a time: it names people.
with old as (
    select key
    from messages_message
    where written_at < %s::timestamptz
    order by written_at, key
    limit %s
    for update skip locked
)
delete from messages_message as message
using old
where message.key = old.key
