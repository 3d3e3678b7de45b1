-- Adds to an open review why it is needed too.
update reviews_review
set reasons = array_append(reasons, %(reason)s),
    detail = left(concat_ws('; ', nullif(detail, ''), nullif(%(detail)s, '')), 2000),
    told = case
        when '' in (told, %(told)s) then told || %(told)s
        else (told::jsonb || %(told)s::jsonb)::text
    end
where id = %(id)s
  and ended_at is null
  and not reasons @> array[%(reason)s]::varchar[]
