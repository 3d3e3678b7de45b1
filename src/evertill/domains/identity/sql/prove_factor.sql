-- Notes that a factor was proved in an open session, at the end of both arrays.
update identity_session
set factors = array_remove(factors::text[], %s::text) || %s::text,
    proved_at = (
        select coalesce(array_agg(proof.at order by proof.place), '{}')
        from unnest(factors, proved_at) with ordinality as proof (factor, at, place)
        where proof.factor <> %s::text
    ) || %s::timestamptz
where id = %s::bigint and ended_at is null
  and ends_at > %s::timestamptz and seen_at + make_interval(secs => idle_s) > %s::timestamptz
