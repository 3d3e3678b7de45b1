-- The accounts of those who order again and again, with the addresses that each has proved.
with opened as (
    insert into accounts_account (id, state, display_name, language, password, sms_second, created_at)
    select id, 'ACTIVE', name, 'en', '', false, %(since)s::timestamptz
    from people
)
insert into accounts_address (account_id, kind, address, proved_at)
select id, 'EMAIL', email, %(since)s::timestamptz
from people
union all
select id, 'PHONE', phone, %(since)s::timestamptz
from people
where phone <> ''
