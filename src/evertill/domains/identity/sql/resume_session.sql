-- A session, if it is still one; by its secret, or for a moment by the one that it had before it was renewed. That it
-- was seen is noted once a minute, so that looking at pages writes next to nothing.
with found as (
    -- One index each, and one row below: else PostgreSQL might look through all open sessions.
    select id, account_id, is_staff, device, place, factors, proved_at, started_at, seen_at, ends_at, browser_id
    from identity_session
    where digest = %s::uuid and ended_at is null
      and ends_at > %s::timestamptz and seen_at + make_interval(secs => idle_s) > %s::timestamptz
    union all
    select id, account_id, is_staff, device, place, factors, proved_at, started_at, seen_at, ends_at, browser_id
    from identity_session
    where was = %s::uuid and was_until > %s::timestamptz and ended_at is null
      and ends_at > %s::timestamptz and seen_at + make_interval(secs => idle_s) > %s::timestamptz
),
noted as (
    update identity_session
    set seen_at = %s::timestamptz
    where id = (select id from found) and ended_at is null
      and seen_at < %s::timestamptz - interval '1 minute'
)
select id, account_id, is_staff, device, place, factors, proved_at, started_at, seen_at, ends_at, browser_id
from found
