-- From where on the database keeps its log for a slot; all before is safe elsewhere.
select (restart_lsn - '0/0'::pg_lsn)::bigint
from pg_replication_slots
where slot_name = %s
