-- Keeps what a search came to, and where the claim stands by it.
update claims_claim
set state = %(to)s,
    search = %(search)s::jsonb,
    searched_at = %(now)s::timestamptz,
    version = version + 1
where id = %(id)s
  and state = any(%(allowed)s::text[])
