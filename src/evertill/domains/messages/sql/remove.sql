-- Removes messages, sent or not: nobody is told of this any more.
delete from messages_message
where key = any(%s::text[])
