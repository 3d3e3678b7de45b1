-- Where every chain that has records stands.
select chain, seq, mac
from trail_chain
where seq > 0
order by chain
