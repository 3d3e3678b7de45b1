-- The refund of a payment that was sent under this id of the provider's, or the bank's.
select id
from payments_refund
where intent_id = %s
  and provider_id = %s
order by id
limit 1
