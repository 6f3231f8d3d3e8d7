create table outbox (
    position    bigint generated always as identity primary key,
    event_id    uuid not null unique,
    topic       text not null,
    key         text not null,
    headers     jsonb not null,
    payload     bytea not null,
    created_at  timestamptz not null default now(),
    sent_at     timestamptz
);
create index outbox_pending on outbox (position) where sent_at is null;
