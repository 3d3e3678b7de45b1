-- Tries to take each key's lock for this transaction, and answers for each in its place. Trying never waits, so
-- batches cannot deadlock here; a lock that is taken means that the same key is in flight elsewhere.
select pg_try_advisory_xact_lock(key)
from unnest(%s::bigint[]) with ordinality as asked(key, place)
order by place
