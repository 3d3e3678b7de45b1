-- A webhook is handled.
update payments_event
set look_at = null
where provider = %s
  and event_id = %s
  and look_at is not null
