-- Ends a bulk of which nothing waits any more, once.
update bulk_bulk as its
set state = 'DONE', ended_at = %s::timestamptz
where its.id = %s::bigint
  and its.state = 'RUNNING'
  and not exists (select 1 from bulk_item as item where item.bulk_id = its.id and item.state = 'WAITING')
returning
    id, operation, options, why, asked_by, actor, digest, total, refused, state, made_at, confirmed_at, approved_by,
    ended_at
