-- How far the log is on the disk of the database.
select (pg_current_wal_flush_lsn() - '0/0'::pg_lsn)::bigint
