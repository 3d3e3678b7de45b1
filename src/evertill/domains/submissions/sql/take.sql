-- Says who is at a submission that is open. Another person's stays his for a while, unless it is taken over.
update submissions_submission
set taken_by = %(by)s::text, taken_at = %(now)s::timestamptz
where id = %(id)s::bigint
  and state = 'OPEN'
  and (taken_by in ('', %(by)s::text) or taken_at < %(stale)s::timestamptz or %(is_forced)s::boolean)
