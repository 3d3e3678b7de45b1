-- Lines turn out to be about something that had no name of ours before.
update reconciliation_line as line
set subject = %s
from reconciliation_run as run
where run.id = line.run_id
  and run.provider = %s
  and run.state = 'FINISHED'
  and line.subject = %s
  and line.about = %s
