-- Waits for everybody who is encrypting by a key.
select id
from identity_key
order by id
for update
