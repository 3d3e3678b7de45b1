-- Somebody ends a difference that is open.
update reconciliation_difference
set state = 'SETTLED',
    how = %s,
    actor = %s,
    why = %s,
    settled_at = %s::timestamptz
where id = %s
  and state = 'OPEN'
