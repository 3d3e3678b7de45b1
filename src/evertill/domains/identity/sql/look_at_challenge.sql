-- Why a challenge could not be taken.
select used_at is not null, expires_at
from identity_challenge
where digest = %s::uuid
