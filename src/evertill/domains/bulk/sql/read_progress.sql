-- How many things of a bulk are in each state, and when the last of them ended.
select state, count(id), max(ended_at)
from bulk_item
where bulk_id = %s::bigint
group by state
order by state
