-- Makes the customers and orders of a filled shop alike, as no shop's are and a search has to bear: a million accounts share
-- a name, half of the orders an amount, every fifth one customer, the oldest three tenths a host that no newer one has.
drop index accounts_account_named;
drop index orders_found_grams;

update accounts_account
set display_name = 'Customer ' || display_name
where display_name not like 'Customer %';

insert into accounts_account (id, state, display_name, language, password, sms_second, created_at)
select n, 'ACTIVE', 'Customer ' || left(md5(n::text), 8), 'en', '', false, timestamptz '2026-01-01 00:00Z'
from generate_series(1, 950000) as n
on conflict (id) do nothing;

create temporary table alike as
select
    id,
    case when percent_rank() over (order by id) < 0.3 then split_part(email, '@', 1) || '@once.example' else email end
        as email,
    case when id % 2 = 0 then 4999 else total end as total,
    case when id % 5 = 0 then (select max(id) from accounts_account) else account_id end as account_id
from orders_order;

update orders_order
set email = alike.email,
    total = alike.total,
    account_id = alike.account_id
from alike
where orders_order.id = alike.id;

update orders_found
set contact = lower(alike.email collate "C") || substr(contact, strpos(contact, ' ')),
    total = alike.total
from alike
where orders_found.order_id = alike.id;

create index accounts_account_named on accounts_account using gin (accounts_grams(lower(display_name collate "C")))
where state = 'ACTIVE';
create index orders_found_grams on orders_found using gin (orders_grams(contact)) with (gin_pending_list_limit = 512);
