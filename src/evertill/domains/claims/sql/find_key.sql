-- The claim that was filed under a key, and the digest of what was asked for then.
select claim_id, body_digest
from claims_key
where key_digest = %s
