-- Whether this role could change records, if it switched the triggers off; an owner could.
select has_table_privilege('trail_record', 'update')
