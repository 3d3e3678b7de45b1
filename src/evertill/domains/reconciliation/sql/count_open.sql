-- How many differences of a day are open, by kind.
select kind, count(*)
from reconciliation_difference
where provider = %s
  and date = %s
  and state = 'OPEN'
group by kind
order by kind
