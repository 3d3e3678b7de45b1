-- The public halves of all keys that ever signed, the first first.
select id, generation, public, made_at, vouched
from receipts_key
order by generation, id
