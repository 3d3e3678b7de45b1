-- Binds a key to the claim that is filed under it; whoever was faster keeps it.
insert into claims_key (key_digest, body_digest, claim_id)
values (%(key)s, %(body)s, %(claim_id)s)
on conflict (key_digest) do nothing
