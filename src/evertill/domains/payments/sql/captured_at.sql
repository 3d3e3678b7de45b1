-- When payments were captured.
select intent_id, min(moved_at)
from payments_move
where intent_id = any(%s::bigint[])
  and state = 'CAPTURED'
group by intent_id
order by intent_id
