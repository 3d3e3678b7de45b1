-- Whether an open session has leave for one operation on one object.
select exists (
    select
    from identity_grant as leave
    join identity_session as session on session.id = leave.session_id
    where session.id = %s::bigint and leave.operation = %s and leave.object = %s
      and leave.spent_at is null and leave.expires_at > %s::timestamptz
      and session.ended_at is null and session.ends_at > %s::timestamptz
      and session.seen_at + make_interval(secs => session.idle_s) > %s::timestamptz
)
