-- What stands at the given places.
select record.chain, record.seq, record.mac
from unnest(%s::integer[], %s::bigint[]) as place(chain, seq)
join trail_record as record on record.chain = place.chain and record.seq = place.seq
order by record.chain, record.seq
