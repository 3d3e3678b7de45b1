-- Those of some alerts that are open.
select id, kind, subject, detail, told, raised_at, times, last_at
from incidents_alert
where closed_at is null
  and id = any(%s::bigint[])
order by id
