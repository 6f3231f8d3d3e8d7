-- One payment per order, for good: a refused payment cancels its order, so no second one may ever take money for it.
CREATE TABLE payments (
    id                 uuid        PRIMARY KEY,
    order_id           uuid        NOT NULL UNIQUE,
    user_id            uuid        NOT NULL,
    amount             bigint      NOT NULL CHECK (amount > 0),
    currency           text        NOT NULL,
    method             text        NOT NULL,
    status             text        NOT NULL CHECK (status IN ('initiated', 'pending', 'processed', 'failed', 'refund_pending', 'refunded')),
    -- Kept only while the provider may have to be asked again.
    payment_token      text,
    provider_reference text,
    failure_reason     text,
    -- When the provider is asked again about an unknown outcome, and the request's trace it belongs to.
    attempts           integer     NOT NULL DEFAULT 0,
    next_attempt_at    timestamptz,
    trace_context      jsonb       NOT NULL DEFAULT '{}',
    created_at         timestamptz NOT NULL,
    updated_at         timestamptz NOT NULL
);
CREATE INDEX payments_unsettled ON payments (next_attempt_at) WHERE next_attempt_at IS NOT NULL;

-- Every conversation with a provider, as it ended.
CREATE TABLE payment_attempts (
    id                 uuid        PRIMARY KEY,
    payment_id         uuid        NOT NULL REFERENCES payments (id),
    operation          text        NOT NULL CHECK (operation IN ('charge', 'refund')),
    outcome            text        NOT NULL CHECK (outcome IN ('accepted', 'declined', 'unknown')),
    provider_reference text,
    reason             text,
    at                 timestamptz NOT NULL
);
CREATE INDEX payment_attempts_by_payment ON payment_attempts (payment_id, at);

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
