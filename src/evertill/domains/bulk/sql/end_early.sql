-- Ends a bulk before it is through, or before it began.
update bulk_bulk
set state = %s::text, ended_at = %s::timestamptz
where id = %s::bigint
  and state in ('DRAFT', 'RUNNING')
returning
    id, operation, options, why, asked_by, actor, digest, total, refused, state, made_at, confirmed_at, approved_by,
    ended_at
