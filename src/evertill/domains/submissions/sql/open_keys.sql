-- The keys of open submissions, in the order of their ids.
select id, key_digest
from submissions_submission
where state = 'OPEN'
  and id > %s
order by id
limit %s
