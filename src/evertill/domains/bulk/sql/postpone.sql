-- Lets one thing wait that could not be done for a reason that passes.
update bulk_item
set claimed_until = %s::timestamptz, code = %s::text, note = %s::text
where id = %s::bigint
  and state = 'WAITING'
