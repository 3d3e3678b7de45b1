-- Forgets the browsers of an account that it has not used for longest, but for fifty.
delete from identity_browser
where id in (
    select id
    from identity_browser
    where account_id = %s::bigint
    order by last_at desc, id desc
    offset 50
)
