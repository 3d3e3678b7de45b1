-- Up to where the log is safe at the target, and since when nobody has taken any of it; null while somebody does.
-- By way of JSON, because servers before 17 do not know the moment.
select
    (restart_lsn - '0/0'::pg_lsn)::bigint,
    case when active then null else (to_jsonb(slot) ->> 'inactive_since')::timestamptz end
from pg_replication_slots as slot
where slot_name = %s and restart_lsn is not null
