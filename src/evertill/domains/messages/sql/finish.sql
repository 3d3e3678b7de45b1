-- Ends a message once. One that was sent is sent, also when somebody else has taken it meanwhile.
update messages_message
set state = %s,
    error = %s,
    ended_at = %s::timestamptz,
    look_at = null
where key = %s
  and state = 'WAITING'
