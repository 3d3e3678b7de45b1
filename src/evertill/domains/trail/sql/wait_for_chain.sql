-- Takes a chain that somebody adds to, when all are taken; by process, so that those who wait are spread over all.
select chain, seq, mac
from trail_chain
where chain = pg_backend_pid() %% %s::integer + 1
for update
