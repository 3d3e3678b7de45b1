-- The triggers of the trail's tables that work at any time, also for a session that plays a replica, for every row and
-- column; with what they call, its words apart by one blank.
select
    found.tgname::text,
    guarded.relname::text,
    found.tgtype::integer,
    btrim(regexp_replace(called.prosrc, '\s+', ' ', 'g'))
from pg_trigger as found
join pg_class as guarded on guarded.oid = found.tgrelid
join pg_proc as called on called.oid = found.tgfoid
join pg_language as spoken on spoken.oid = called.prolang and spoken.lanname = 'plpgsql'
where guarded.oid in ('trail_record'::regclass, 'trail_chain'::regclass)
  and found.tgenabled = 'A'
  and found.tgqual is null
  and found.tgattr::text = ''
order by found.tgname
