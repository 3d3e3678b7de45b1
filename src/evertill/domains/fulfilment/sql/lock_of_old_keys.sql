-- Codes that are encrypted by an older key than the newest.
select id, secret, key_id
from fulfilment_code
where key_id < %s::int
order by key_id, id
limit %s::int
for update
