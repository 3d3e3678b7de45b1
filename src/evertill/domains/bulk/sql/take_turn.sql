-- Has those who claim things of a bulk come one after the other. Whoever had looked before another one's claim was
-- there would hold that thing for a moment without getting it; its claimer took it for somebody else's, and left it.
select pg_advisory_xact_lock(hashtextextended('bulk.claim', %s::bigint))::text
