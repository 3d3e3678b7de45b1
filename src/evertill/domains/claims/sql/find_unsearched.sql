-- Claims that were filed and that nobody has looked into yet, the oldest first.
select id
from claims_claim
where state = 'FILED'
  and filed_at < %s::timestamptz
order by id
limit %s
