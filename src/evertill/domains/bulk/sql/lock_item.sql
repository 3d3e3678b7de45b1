-- Holds one thing that waits, until what is done to it is committed; whoever else has it keeps it.
select id
from bulk_item
where id = %s::bigint
  and state = 'WAITING'
for update skip locked
