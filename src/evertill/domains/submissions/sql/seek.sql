-- Failed checkouts that may be what somebody looks for, the latest first. They are few, and gone after some weeks.
select
    id, key_digest, body_digest, code, email, phone, language, account_id, currency, total, lines::text,
    consent_version, consent_text, failed_at, remove_at, state, first_failed_at, order_id, ended_at, ended_by, note,
    taken_by, taken_at
from submissions_submission
where failed_at > %(since)s::timestamptz
  and (
      id = any(%(ids)s::bigint[])
      or lower(email collate "C") = any(%(emails)s::text[])
      or phone = any(%(phones)s::text[])
      or total = %(total)s::bigint
  )
order by failed_at desc, id desc
limit %(limit)s
