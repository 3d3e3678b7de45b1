-- Sessions of a shop's other processes and nodes on its database: those of the same role.
select count(*)
from pg_stat_activity
where datname = current_database()
    and usename = current_user
    and backend_type = 'client backend'
    and pid <> pg_backend_pid()
