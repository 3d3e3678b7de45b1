-- What disputes hold of a payment, or have taken.
update payments_intent
set disputed = %s
where id = %s
  and state = 'CAPTURED'
