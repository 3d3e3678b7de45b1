-- How many bulks of one person have begun or may begin, of those that were made since a moment.
select count(id)
from bulk_bulk
where asked_by = %s::text
  and state in ('DRAFT', 'RUNNING')
  and made_at > %s::timestamptz
