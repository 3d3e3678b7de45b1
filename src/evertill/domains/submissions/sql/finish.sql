-- Notes the orders under the keys of submissions, each once. One that was closed has its order all the same.
update submissions_submission as kept
set state = 'PLACED',
    order_id = placed.order_id,
    ended_by = %s,
    ended_at = %s::timestamptz
from unnest(%s::bigint[], %s::bigint[]) as placed(id, order_id)
where kept.id = placed.id
  and kept.state <> 'PLACED'
