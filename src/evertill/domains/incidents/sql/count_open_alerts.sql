-- How many alerts of each kind are open.
select kind, count(*)
from incidents_alert
where closed_at is null
group by kind
order by kind
