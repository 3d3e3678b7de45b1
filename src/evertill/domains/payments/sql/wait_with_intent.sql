-- Plans when a payment that nobody can be asked about is looked at next.
update payments_intent
set look_at = %s::timestamptz
where id = %s
  and look_at is not null
