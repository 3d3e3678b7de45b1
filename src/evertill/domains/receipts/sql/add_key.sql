-- Keeps the public half of a key.
insert into receipts_key (id, generation, public, made_at, vouched)
values (%s, %s, %s, %s, %s)
on conflict (id) do nothing
