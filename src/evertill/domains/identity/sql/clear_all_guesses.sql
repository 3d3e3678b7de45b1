-- Clears the failures under several names, past those that somebody is counting at this moment: nobody waits here.
update identity_guesses as cleared
set failures = 0, next_at = %s::timestamptz, last_at = %s::timestamptz
where cleared.name in (
    select name
    from identity_guesses
    where name = any(%s::uuid[]) and failures > 0
    for update skip locked
)
