-- Keeps a checkout that failed; under a key that is kept, how it failed last. What has an order stays as it is, and
-- what was closed before it failed again is open again.
insert into submissions_submission (
    id, state, key_digest, body_digest, code, email, phone, language, account_id, currency, total, lines,
    consent_version, consent_text, first_failed_at, failed_at, remove_at, order_id, ended_at, ended_by, note
)
values (
    %(id)s, 'OPEN', %(key_digest)s::uuid, %(body_digest)s::uuid, %(code)s, %(email)s, %(phone)s, %(language)s,
    %(account_id)s::bigint, %(currency)s, %(total)s, %(lines)s::jsonb, %(consent_version)s, %(consent_text)s,
    %(failed_at)s::timestamptz, %(failed_at)s::timestamptz, %(remove_at)s::timestamptz, null, null, '', ''
)
on conflict (key_digest) do update
set state = 'OPEN',
    body_digest = excluded.body_digest,
    code = excluded.code,
    email = excluded.email,
    phone = excluded.phone,
    language = excluded.language,
    account_id = excluded.account_id,
    total = excluded.total,
    lines = excluded.lines,
    consent_version = excluded.consent_version,
    consent_text = excluded.consent_text,
    failed_at = excluded.failed_at,
    remove_at = excluded.remove_at,
    ended_at = null,
    ended_by = '',
    note = ''
where submissions_submission.failed_at < excluded.failed_at
  and (
    submissions_submission.state = 'OPEN'
    or (submissions_submission.state = 'CLOSED' and submissions_submission.ended_at < excluded.failed_at)
  )
