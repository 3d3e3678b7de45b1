-- The sessions of an account that are kept, open or ended.
select id, account_id, is_staff, device, place, factors, proved_at, started_at, seen_at, ends_at, browser_id, ended_at
from identity_session
where account_id = %s::bigint
order by started_at desc, id desc
limit %s::int
