-- Leaves a submission to others again.
update submissions_submission
set taken_by = '', taken_at = null
where id = %s::bigint
  and taken_by = %s::text
