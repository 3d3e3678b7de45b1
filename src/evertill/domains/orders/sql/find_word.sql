-- One word of those that were said: any of its meanings. # is its place.
  and (
    (%(like_#)s::text is not null and lower(o.email collate "C") || ' ' || o.phone like %(like_#)s::text)
    or o.total = any(%(totals_#)s::bigint[])
    or o.id between %(from_#)s::bigint and %(to_#)s::bigint
    or o.account_id = any(%(accounts_#)s::bigint[])
    or o.id = any(%(ids_#)s::bigint[])
  )
