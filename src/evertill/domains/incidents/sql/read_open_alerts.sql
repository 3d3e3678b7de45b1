-- Alerts that are open, newest first.
select id, kind, subject, detail, told, raised_at, times, last_at
from incidents_alert
where closed_at is null
order by raised_at desc, id desc
limit %s
