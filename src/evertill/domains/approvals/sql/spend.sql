-- Uses an approval up, once: those who come at once wait at its row and then find it spent.
update approvals_approval
set state = 'SPENT', spent_at = %s::timestamptz
where state = 'APPROVED' and id = (
    select usable.id
    from approvals_approval as usable
    where usable.asked_by = %s::text and usable.digest = %s::bytea and usable.state = 'APPROVED'
      and usable.expires_at > %s::timestamptz
    order by usable.id
    limit 1
    for update
)
returning
    id, operation, subject, content, asked_by, asked_at, why, expires_at, state, decided_by, decided_at, decision,
    spent_at
