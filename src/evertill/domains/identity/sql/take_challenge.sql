-- Uses a challenge up, for what it was made for alone; those who come at once wait at its row and then find it used.
update identity_challenge
set used_at = %s::timestamptz
where digest = %s::uuid and ceremony = %s and subject = %s::uuid
  and used_at is null and expires_at > %s::timestamptz
returning handle
