-- Closes one alert.
update incidents_alert
set closed_at = %s::timestamptz,
    closed_by = %s,
    why = %s
where id = %s
  and closed_at is null
