-- Plans when a refund that staff have to send is looked at next.
update payments_refund
set look_at = %s::timestamptz
where id = %s
  and state = 'REQUESTED'
