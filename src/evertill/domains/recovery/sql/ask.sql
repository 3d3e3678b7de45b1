-- A wish, unless the same is waiting already: what is wanted twice is done once.
insert into recovery_asked (kind, asked_by, asked_at)
values (%s, %s, %s)
on conflict (kind) where taken_at is null do nothing
returning id
