-- How many claims wait.
select count(*)
from claims_claim
where state in ('FILED', 'FOUND', 'NOTHING')
