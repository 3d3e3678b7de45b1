-- Gives a browser a new secret, for all accounts that signed in with it: a copy of the old one is worth nothing.
update identity_browser
set digest = %s::uuid
where digest = %s::uuid
