-- What every row has to fulfil, whatever it was found by.
  and (%(states)s::text[] is null or o.state = any(%(states)s::text[]))
  and (%(since)s::timestamptz is null or o.placed_at >= %(since)s::timestamptz)
  and (%(until)s::timestamptz is null or o.placed_at < %(until)s::timestamptz)
  and o.id >= %(floor)s::bigint
  and o.id < %(below)s::bigint
  and (%(currency)s::text is null or o.currency = %(currency)s::text)
  and (%(total_min)s::bigint is null or o.total >= %(total_min)s::bigint)
  and (%(total_max)s::bigint is null or o.total <= %(total_max)s::bigint)
