-- Takes a chain that nobody adds to at the moment, so that no transaction waits for another one.
select chain, seq, mac
from trail_chain
order by chain
limit 1
for update skip locked
