-- The open sessions of an account.
select id, account_id, is_staff, device, place, factors, proved_at, started_at, seen_at, ends_at, browser_id
from identity_session
where account_id = %s::bigint and ended_at is null
  and ends_at > %s::timestamptz and seen_at + make_interval(secs => idle_s) > %s::timestamptz
order by seen_at desc, id desc
