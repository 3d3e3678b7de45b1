-- The key that encrypts, kept from being removed until the caller's transaction ends.
select id, wrapped
from identity_key
order by id desc
limit 1
for share
