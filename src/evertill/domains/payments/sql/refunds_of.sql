-- The refunds of payments, with the ids that their providers gave them.
select intent_id, id, provider_id
from payments_refund
where intent_id = any(%s::bigint[])
order by intent_id, id
