-- Bulks that are to be worked on, the one that began first before the others.
select id
from bulk_bulk
where state = 'RUNNING'
order by confirmed_at, id
limit %s::bigint
