-- Closes the open alert of a kind about a subject.
update incidents_alert
set closed_at = %s::timestamptz,
    closed_by = %s,
    why = %s
where kind = %s
  and subject = %s
  and closed_at is null
