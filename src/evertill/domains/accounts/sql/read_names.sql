-- What people call themselves.
select id, display_name
from accounts_account
where id = any(%s::bigint[])
