-- Writes by which words products are found, anew where they have been found before. Grams come as texts of arrays,
-- since an array of arrays has rows of one length.
insert into catalog_search (product_id, title, text, title_grams, all_grams)
select product_id, title, text, title_grams::int4[], all_grams::int4[]
from unnest(%s::bigint[], %s::text[], %s::text[], %s::text[], %s::text[])
    as given (product_id, title, text, title_grams, all_grams)
on conflict (product_id) do update
set title = excluded.title,
    text = excluded.text,
    title_grams = excluded.title_grams,
    all_grams = excluded.all_grams
