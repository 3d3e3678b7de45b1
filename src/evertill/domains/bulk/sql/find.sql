-- One bulk.
select
    id, operation, options, why, asked_by, actor, digest, total, refused, state, made_at, confirmed_at, approved_by,
    ended_at
from bulk_bulk
where id = %s::bigint
