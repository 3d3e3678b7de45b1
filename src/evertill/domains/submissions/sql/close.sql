-- Closes a submission that nobody will place.
update submissions_submission
set state = 'CLOSED',
    ended_at = %s::timestamptz,
    ended_by = %s,
    note = %s
where id = %s
  and state = 'OPEN'
