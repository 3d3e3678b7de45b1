-- Takes out of approvals that have ended what people typed into them; that they were asked for and decided stays.
update approvals_approval
set why = case when why = '' then '' else 'removed' end,
    decision = case when decision = '' then '' else 'removed' end,
    content = '{}'
where id = any(%s::bigint[])
  and (state not in ('WAITING', 'APPROVED') or expires_at <= %s::timestamptz)
