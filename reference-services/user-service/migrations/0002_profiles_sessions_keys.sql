-- What a customer may say of themselves, beyond their names.
alter table user_profiles
    add column display_name  text,
    add column address       jsonb;

-- Every refresh token a session ever had, by its digest: one that comes back after its use was stolen.
create table refresh_tokens (
    digest      bytea primary key,
    session_id  uuid not null references user_sessions (id) on delete cascade,
    issued_at   timestamptz not null,
    used_at     timestamptz
);
create index refresh_tokens_session on refresh_tokens (session_id);
create index user_sessions_expiry on user_sessions (expires_at);

-- Public keys that tokens are signed with, each until the last of its tokens has expired.
create table signing_keys (
    kid           text primary key,
    public_key    jsonb not null,
    published_at  timestamptz not null,
    expires_at    timestamptz not null
);

-- Accounts that are gone; their events in the outbox lose what they say of a person once they were sent.
create table erasures (
    user_id      uuid primary key,
    erased_at    timestamptz not null,
    finished_at  timestamptz
);
create index erasures_unfinished on erasures (user_id) where finished_at is null;
create index outbox_key on outbox (key);
