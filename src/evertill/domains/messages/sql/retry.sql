-- A message that was given up waits again, as if it were written now.
update messages_message
set state = 'WAITING',
    written_at = %s::timestamptz,
    look_at = %s::timestamptz,
    looks = 0,
    ended_at = null
where key = %s
  and state = 'UNDELIVERABLE'
