-- How large all databases of the server are, which is about what a full backup reads.
select coalesce(sum(pg_database_size(oid)), 0)::bigint, current_setting('server_version_num')
from pg_database
where datallowconn
  and has_database_privilege(oid, 'connect')
