CREATE TABLE orders (
    id             uuid        PRIMARY KEY,
    user_id        uuid        NOT NULL,
    status         text        NOT NULL CHECK (status IN ('created', 'payment_pending', 'paid', 'completed', 'cancelled', 'refunded')),
    total_amount   bigint      NOT NULL CHECK (total_amount > 0),
    currency       text        NOT NULL,
    payment_method text        NOT NULL,
    created_at     timestamptz NOT NULL,
    updated_at     timestamptz NOT NULL
);
-- Pages of a customer's orders, newest first: ids are time-ordered.
CREATE INDEX orders_by_user ON orders (user_id, id DESC);

CREATE TABLE order_items (
    id         uuid    PRIMARY KEY,
    order_id   uuid    NOT NULL REFERENCES orders (id),
    product_id uuid    NOT NULL,
    quantity   integer NOT NULL CHECK (quantity > 0),
    unit_price bigint  NOT NULL CHECK (unit_price >= 0),
    UNIQUE (order_id, product_id)
);

CREATE TABLE order_history (
    id         uuid        PRIMARY KEY,
    order_id   uuid        NOT NULL REFERENCES orders (id),
    status     text        NOT NULL,
    changed_at timestamptz NOT NULL,
    notes      text
);
CREATE INDEX order_history_by_order ON order_history (order_id, changed_at);

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
