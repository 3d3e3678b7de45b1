-- Uses up leave of an open session; those who come at once wait at its row and then find it spent.
update identity_grant
set spent_at = %s::timestamptz
where spent_at is null
  and id = (
      select leave.id
      from identity_grant as leave
      join identity_session as session on session.id = leave.session_id
      where session.id = %s::bigint and leave.operation = %s and leave.object = %s
        and leave.spent_at is null and leave.expires_at > %s::timestamptz
        and session.ended_at is null and session.ends_at > %s::timestamptz
        and session.seen_at + make_interval(secs => session.idle_s) > %s::timestamptz
      order by leave.id
      limit 1
  )
