-- How many submissions are open.
select count(*)
from submissions_submission
where state = 'OPEN'
