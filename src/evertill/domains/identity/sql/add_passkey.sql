-- Adds a passkey at the first place that is free; no row comes back when there is none, or when somebody has it.
insert into identity_passkey (
    id, account_id, place, credential_id, public_key, sign_count, aaguid, transports, name, is_backup_eligible,
    is_backed_up, added_at
)
select
    %s::bigint, %s::bigint, free.place, %s::bytea, %s::bytea, %s::bigint, %s::uuid, %s::text[], %s, %s::boolean,
    %s::boolean, %s::timestamptz
from (
    select all_of_them.place
    from generate_series(0, %s::int - 1) as all_of_them (place)
    where not exists (
        select 1
        from identity_passkey as taken
        where taken.account_id = %s::bigint and taken.place = all_of_them.place
    )
    order by all_of_them.place
    limit 1
) as free
on conflict (credential_id) do nothing
returning
    id, name, credential_id, transports, is_backup_eligible, is_backed_up, added_at, used_at, suspected_at
