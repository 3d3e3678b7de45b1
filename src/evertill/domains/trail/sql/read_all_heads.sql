-- Where every chain stands, those without records too.
select chain, seq, mac
from trail_chain
order by chain
