-- Locks all runs of a day in the order of their ids, so that two comparisons of it come one behind the other.
select id, state
from reconciliation_run
where provider = %s
  and date = %s
order by id
for update
