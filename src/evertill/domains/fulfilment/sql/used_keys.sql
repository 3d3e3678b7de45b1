-- The keys by which some code is encrypted, found one behind the other instead of by counting all codes.
with recursive used as (
    (select min(key_id) as key_id from fulfilment_code)
    union all
    select (select min(code.key_id) from fulfilment_code as code where code.key_id > used.key_id)
    from used
    where used.key_id is not null
)
select key_id
from used
where key_id is not null
order by key_id
