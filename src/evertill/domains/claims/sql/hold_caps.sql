-- Whoever gives a compensation in a currency waits for who gives one now: caps are counted one after the other.
select pg_advisory_xact_lock(hashtextextended('claims-caps ' || %s::text, 0))
