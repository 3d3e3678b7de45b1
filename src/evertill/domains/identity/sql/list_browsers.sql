-- The browsers that an account signed in with.
select id, device, places, first_at, last_at, trusted_until
from identity_browser
where account_id = %s::bigint
order by last_at desc, id desc
