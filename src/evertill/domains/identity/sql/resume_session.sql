-- A session, if it is still one; by its secret, or for a moment by the one that it had before it was renewed. That it
-- was seen is noted once a minute, so that looking at pages writes next to nothing.
with found as (
    select id, account_id, is_staff, device, place, factors, proved_at, started_at, seen_at, ends_at, browser_id
    from identity_session
    where (digest = %s::uuid or (was = %s::uuid and was_until > %s::timestamptz)) and ended_at is null
      and ends_at > %s::timestamptz and seen_at + make_interval(secs => idle_s) > %s::timestamptz
),
noted as (
    update identity_session as session
    set seen_at = %s::timestamptz
    from found
    where session.id = found.id and session.ended_at is null
      and session.seen_at < %s::timestamptz - interval '1 minute'
)
select id, account_id, is_staff, device, place, factors, proved_at, started_at, seen_at, ends_at, browser_id
from found
