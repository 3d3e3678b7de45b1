-- How many browsers an account signed in with, and how many of them from a place.
select count(*), count(*) filter (where %s::text = any(places::text[]))
from identity_browser
where account_id = %s::bigint
