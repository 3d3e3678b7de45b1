-- Removes the keys by which nothing is encrypted, here or elsewhere, but for the newest.
delete from identity_key as key
where key.id < (select max(newest.id) from identity_key as newest)
  and not exists (select from identity_totp as totp where totp.key_id = key.id)
  and key.id <> all(%s::int4[])
