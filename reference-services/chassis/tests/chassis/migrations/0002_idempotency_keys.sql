create table idempotency_keys (
    user_id      uuid not null,
    operation    text not null,
    key          text not null,
    fingerprint  bytea not null,
    subject_id   uuid not null,
    locked_until timestamptz not null,
    status       integer,
    body         text,
    created_at   timestamptz not null,
    primary key (user_id, operation, key)
);

-- Where the canary test writes personal data.
create table people (email text primary key);
