-- Raises an alert, or counts one that is open already; the partial unique index keeps two of them apart.
insert into incidents_alert (kind, subject, detail, told, raised_at, times, last_at, closed_by, why)
values (%s, %s, %s, %s, %s::timestamptz, 1, %s::timestamptz, '', '')
on conflict (kind, subject) where closed_at is null do update
set times = incidents_alert.times + 1,
    last_at = greatest(incidents_alert.last_at, excluded.last_at),
    detail = excluded.detail,
    told = excluded.told
returning times = 1
