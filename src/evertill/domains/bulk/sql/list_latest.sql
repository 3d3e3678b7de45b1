-- Bulks, the latest first: of one person, or of all.
select
    id, operation, options, why, asked_by, actor, digest, total, refused, state, made_at, confirmed_at, approved_by,
    ended_at
from bulk_bulk
where (asked_by = %s::text or %s::boolean)
  and operation = any(%s::text[])
order by made_at desc, id desc
limit %s::bigint
