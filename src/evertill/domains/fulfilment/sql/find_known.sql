-- Which of these digests a code has that is kept already.
select digest
from fulfilment_code
where digest = any(%s::bytea[])
order by digest
