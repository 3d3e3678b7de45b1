-- Which of these payments are ours, with that provider.
select id, provider
from payments_intent
where id = any(%s::bigint[])
order by id
