-- Users, what they say of themselves, and their sessions.
create table users (
    id             uuid primary key,
    email          text not null unique,
    password_hash  text not null,
    first_name     text not null,
    last_name      text not null,
    roles          text[] not null default '{customer}',
    created_at     timestamptz not null default now(),
    updated_at     timestamptz not null default now()
);

create table user_profiles (
    user_id      uuid primary key references users (id) on delete cascade,
    bio          text not null default '',
    avatar_url   text,
    preferences  jsonb not null default '{}'
);

-- The token itself is never stored: `session_token` is its id.
create table user_sessions (
    id             uuid primary key,
    user_id        uuid not null references users (id) on delete cascade,
    session_token  uuid not null unique,
    started_at     timestamptz not null default now(),
    expires_at     timestamptz not null,
    ended_at       timestamptz
);
create index user_sessions_user on user_sessions (user_id);

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

create table inbox (
    consumer    text not null,
    event_id    uuid not null,
    claimed_at  timestamptz not null default now(),
    primary key (consumer, event_id)
);
