-- A key that something was encrypted by.
select wrapped
from identity_key
where id = %s::int
