-- Why things of one kind were done or refused, in the words of whoever did them, the newest first.
select id, at, operation, why
from trail_record
where subject_kind = %s
  and subject_id = any(%s::text[])
  and why <> ''
order by at desc, id desc
limit %s
