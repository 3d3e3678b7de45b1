-- What could not be tried waits a minute, if nobody else has taken it since.
update messages_message
set look_at = %s::timestamptz + interval '1 minute',
    looks = looks - 1
where key = %s
  and state = 'WAITING'
  and looks = %s
