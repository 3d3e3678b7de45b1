-- What a payment's refunds of one kind have given back; and that with what they promise.
select
    coalesce(sum(amount) filter (where state = 'SUCCEEDED'), 0)::bigint,
    coalesce(sum(amount) filter (where state <> 'FAILED'), 0)::bigint
from payments_refund
where intent_id = %s
  and kind = %s
