-- Notes that a session was seen, if it is still one.
update identity_session
set seen_at = greatest(seen_at, %s::timestamptz)
where digest = %s::uuid and ended_at is null
  and ends_at > %s::timestamptz and seen_at + make_interval(secs => idle_s) > %s::timestamptz
returning id, account_id, is_staff, device, place, factors, proved_at, started_at, seen_at, ends_at, browser_id
