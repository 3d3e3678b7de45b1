-- Says what became of one thing.
update bulk_item
set state = %s::text, code = %s::text, note = %s::text, ended_at = %s::timestamptz
where id = %s::bigint
  and state = 'WAITING'
