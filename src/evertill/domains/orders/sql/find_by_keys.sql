-- Orders that were placed under these keys. Run after the keys are claimed: what it does not see then does not exist.
select
    id, state, currency, total, email, phone, language, account_id, placed_at, reserved_until, key_digest, body_digest
from orders_order
where key_digest = any(%s::uuid[])
