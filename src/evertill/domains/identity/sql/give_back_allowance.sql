-- Counts one less of what was taken in a window.
update identity_allowance
set taken = taken - 1
where kind = %s and key = %s::uuid and window_at = %s::timestamptz and taken > 0
