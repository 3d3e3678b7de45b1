-- What a payment's refunds of one kind have given back.
select coalesce(sum(amount), 0)::bigint
from payments_refund
where intent_id = %s
  and kind = %s
  and state = 'SUCCEEDED'
