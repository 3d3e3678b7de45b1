-- The triggers of the trail's tables that work at any time, also for a session that plays a replica.
select found.tgname::text
from pg_trigger as found
join pg_class as guarded on guarded.oid = found.tgrelid
where guarded.oid in ('trail_record'::regclass, 'trail_chain'::regclass)
  and found.tgenabled = 'A'
order by found.tgname
