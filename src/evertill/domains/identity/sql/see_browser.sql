-- Notes that a browser was used again, with its place as the newest of twenty.
update identity_browser
set last_at = greatest(last_at, %s::timestamptz),
    device = %s,
    places = (array_remove(places::text[], %s::text) || %s::text)[
        greatest(cardinality(array_remove(places::text[], %s::text)) - 18, 1):
    ]
where id = %s::bigint
