-- The hashes of seals, by their numbers: each stands in the seal behind it. The newest has none behind it.
select number - 1, previous
from receipts_seal
where number = any(%s)
