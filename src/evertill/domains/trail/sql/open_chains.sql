-- Makes the chains, once in a shop's life.
insert into trail_chain (chain, seq, mac)
select chain, 0, %s::bytea
from generate_series(1, %s::integer) as made(chain)
order by chain
on conflict (chain) do nothing
