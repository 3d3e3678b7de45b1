-- What products are called and said to be, in every language.
select product_id, language, title, text
from catalog_product_text
where product_id = any(%s::bigint[])
order by product_id, language, id
