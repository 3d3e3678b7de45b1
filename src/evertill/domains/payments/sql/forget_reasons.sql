-- Takes out why money went back, in the words of whoever gave it; that it went back stays.
update payments_refund
set reason = 'removed'
where id = any(%s::bigint[])
  and reason <> ''
