-- Begins what its asker has looked at; the second of two who do it at once finds it begun.
update bulk_bulk
set state = 'RUNNING', confirmed_at = %s::timestamptz, approved_by = %s::text
where id = %s::bigint
  and state = 'DRAFT'
returning
    id, operation, options, why, asked_by, actor, digest, total, refused, state, made_at, confirmed_at, approved_by,
    ended_at
