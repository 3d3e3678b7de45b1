-- The bills of a provider that count, by day.
select id, provider, date, fetched_at, finished_at, lines, matched, pending, differences
from reconciliation_run
where provider = %s
  and date between %s and %s
  and state = 'FINISHED'
order by date
