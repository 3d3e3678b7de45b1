-- Plans the next try, ever more seldom, if nobody else has taken the message since.
update messages_message
set look_at = %s::timestamptz + least(3600, 60 * 2 ^ least(looks - 1, 6)) * interval '1 second',
    error = %s
where key = %s
  and state = 'WAITING'
  and looks = %s
