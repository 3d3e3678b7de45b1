-- Holds those of some things that wait, until what is done to them is committed; whoever else has one keeps it.
select id
from bulk_item
where id = any(%s::bigint[])
  and state = 'WAITING'
order by id
for update skip locked
