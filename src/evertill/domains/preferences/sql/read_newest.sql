-- What holds, of each of these names that somebody has decided; one step into the index for each, however long the
-- history is.
select newest.name, newest.value, newest.version, newest.changed_at, newest.changed_by
from unnest(%s::text[]) as wanted (name)
cross join lateral (
    select one.name, one.value, one.version, one.changed_at, one.changed_by
    from preferences_value as one
    where one.name = wanted.name
    order by one.version desc
    limit 1
) as newest
order by newest.name
