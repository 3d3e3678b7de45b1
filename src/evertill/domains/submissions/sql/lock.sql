-- Locks one submission, and reads it as it is once the lock is held.
select
    id, key_digest, body_digest, code, email, phone, language, account_id, currency, total, lines::text,
    consent_version, consent_text, failed_at, remove_at, state, first_failed_at, order_id, ended_at, ended_by, note,
    taken_by, taken_at
from submissions_submission
where id = %s
for no key update
