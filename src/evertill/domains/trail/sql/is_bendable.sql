-- Whether this role could change records or remove them: by a right, or as one that owns the tables and could switch
-- the triggers off.
select
    has_table_privilege('trail_record', 'update, delete, truncate, trigger')
    or has_any_column_privilege('trail_record', 'update')
    or has_table_privilege('trail_chain', 'delete, truncate, trigger')
    or exists (
        select
        from pg_class as owned
        where owned.oid in ('trail_record'::regclass, 'trail_chain'::regclass)
          and pg_has_role(owned.relowner, 'member')
    )
