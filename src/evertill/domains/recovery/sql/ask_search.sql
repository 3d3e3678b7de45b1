-- Something to be searched for in the backups, unless the same claim waits for that already.
insert into recovery_search
    (id, claim_id, clues, wanted_at, asked_by, asked_at, state, tries, step, done, whole, backup, found, error)
values (
    %(id)s, %(claim_id)s, %(clues)s, %(wanted_at)s, %(asked_by)s, %(asked_at)s, 'WAITING', 0, '', 0, 0, '', '', ''
)
on conflict (claim_id) where state in ('WAITING', 'RUNNING') do nothing
