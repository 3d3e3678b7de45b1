-- The provider's own book. Moments are milliseconds since 1970, amounts minor units, days UTC.

create table if not exists payments (
    id text primary key,
    reference text not null,
    amount integer not null check (amount > 0),
    currency text not null,
    method text not null check (method in ('page', 'qr')),
    capture text not null check (capture in ('automatic', 'manual')),
    return_url text not null,
    description text not null,
    metadata text not null,
    state text not null,
    -- The outcome that waits for the customer's bank: a card's name.
    pending text,
    reason text,
    authorized integer not null default 0,
    captured integer not null default 0,
    captured_currency text not null,
    refunded integer not null default 0,
    disputed integer not null default 0,
    fee integer not null default 0,
    created_at integer not null,
    constraint never_more_back_than_captured check (refunded >= 0 and disputed >= 0 and refunded + disputed <= captured)
) strict;
create index if not exists payments_reference on payments (reference, id);

create table if not exists history (
    id integer primary key,
    payment text not null references payments (id),
    state text not null,
    why text not null,
    at integer not null
) strict;
create index if not exists history_payment on history (payment, id);

create table if not exists refunds (
    id text primary key,
    payment text not null references payments (id),
    amount integer not null check (amount > 0),
    currency text not null,
    reference text not null,
    created_at integer not null
) strict;
create index if not exists refunds_payment on refunds (payment, id);

create table if not exists disputes (
    id text primary key,
    payment text not null references payments (id),
    amount integer not null check (amount > 0),
    currency text not null,
    reason text not null,
    state text not null check (state in ('OPEN', 'WON', 'LOST')),
    created_at integer not null
) strict;
create index if not exists disputes_payment on disputes (payment, id);

-- What the bill shows. `removed` and a changed amount are planted differences; the truth stays in the tables above.
create table if not exists bill_lines (
    id integer primary key,
    date text not null,
    kind text not null,
    payment text not null,
    refund text,
    reference text not null,
    amount integer not null,
    currency text not null,
    at integer not null,
    removed integer not null default 0
) strict;
create index if not exists bill_lines_date on bill_lines (date, id);

create table if not exists events (
    id text primary key,
    type text not null,
    payment text not null,
    body text not null,
    faults text not null,
    created_at integer not null
) strict;

-- One row for each time an event is to be told; a lost one has none, a doubled one two.
create table if not exists deliveries (
    id integer primary key,
    event text not null references events (id),
    body text not null,
    forged integer not null,
    due_at integer not null,
    attempts integer not null default 0,
    status text not null default 'DUE' check (status in ('DUE', 'DONE', 'GIVEN_UP'))
) strict;
create index if not exists deliveries_due on deliveries (due_at, id) where status = 'DUE';
create index if not exists deliveries_event on deliveries (event, id);

-- What happens later by itself: a bank that answers, a customer who complains.
create table if not exists plans (
    id integer primary key,
    due_at integer not null,
    kind text not null check (kind in ('settle', 'fail', 'dispute')),
    payment text not null references payments (id)
) strict;
create index if not exists plans_due on plans (due_at, id);

create table if not exists answers (
    key text not null,
    path text not null,
    digest text not null,
    status integer not null,
    body blob not null,
    primary key (path, key)
) strict, without rowid;

create table if not exists settings (name text primary key, value text not null) strict, without rowid;
