-- Counts one more in a window, if that is still allowed; no row comes back when it is not.
insert into identity_allowance (kind, key, window_at, taken)
select %s, %s::uuid, %s::timestamptz, 1
where 1 <= %s::int
on conflict (kind, key, window_at) do update
set taken = identity_allowance.taken + 1
where identity_allowance.taken < %s::int
returning taken
