-- Webhooks that came since a moment wait to be handled again.
update payments_event
set look_at = %s::timestamptz,
    looks = 0
where received_at >= %s::timestamptz
