-- Whether the server summarises its log; one older than 17 does not know the setting.
select coalesce(current_setting('summarize_wal', true), 'off') = 'on'
