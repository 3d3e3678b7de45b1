-- Lets one person ask for one thing at a time.
select pg_advisory_xact_lock(hashtextextended('approvals:' || %s::text, 0))
