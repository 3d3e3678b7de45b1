-- Of the backups begun since a moment: how many, how many still run, how many did not come to their end, and how many
-- drills were held behind them.
select
    count(*),
    count(*) filter (where state = 'RUNNING'),
    count(*) filter (where state not in ('RUNNING', 'COMPLETE')),
    (select count(*) from recovery_drill where occasion = 'BACKUP' and began_at > %(since)s)
from recovery_backup
where began_at > %(since)s
