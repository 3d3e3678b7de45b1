-- As staff ask at the desk: the shop's own process takes it, within seconds.
insert into recovery_asked (kind, asked_by, asked_at)
values ('FULL', 'bench', now())
