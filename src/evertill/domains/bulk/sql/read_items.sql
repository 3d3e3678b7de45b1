-- Things of a bulk in their places, from one on; of one state, or of all.
select
    id, bulk_id, place, subject, label, content, before, after, state, code, note, tries, ended_at
from bulk_item
where bulk_id = %s::bigint
  and place > %s::integer
  and (state = %s::text or %s::text = '')
order by place
limit %s::bigint
