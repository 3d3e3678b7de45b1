-- Which of these subjects no bill of a provider tells of. The fence (offset 0) keeps it to one look into the index for
-- each subject.
select a.place
from unnest(%s::text[], %s::text[]) with ordinality as a(about, subject, place)
left join lateral (
    select true as is_billed
    from reconciliation_line as line
    inner join reconciliation_run as run on run.id = line.run_id
    where line.subject = a.subject
      and line.about = a.about
      and run.provider = %s
      and run.state = 'FINISHED'
    order by line.run_id, line.position
    limit 1
    offset 0
) as told on true
where told.is_billed is null
order by a.place
