-- Says of several things that they were done.
update bulk_item as item
set state = 'DONE', code = '', note = done.note, ended_at = %s::timestamptz
from unnest(%s::bigint[], %s::text[]) as done(id, note)
where item.id = done.id
  and item.state = 'WAITING'
