-- The accounts that signed in with a browser, in one order, so that two of them cannot wait for each other in a circle.
select id, account_id
from identity_browser
where digest = %s::uuid
order by id
for update
