-- The failures under a name, as they are committed.
select failures, next_at
from identity_guesses
where name = %s::uuid
