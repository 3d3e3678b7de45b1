-- The one row that says how far the finding has come, once in a shop's life.
insert into orders_finding (id, behind)
values (1, 0)
on conflict (id) do nothing
