-- Where a user can be reached: learnt from user-events, never from another service's table.
CREATE TABLE recipients (
    user_id    uuid        PRIMARY KEY,
    email      text        NOT NULL,
    first_name text        NOT NULL,
    updated_at timestamptz NOT NULL
);

-- A user without a row wants every notification.
CREATE TABLE preferences (
    user_id uuid    NOT NULL,
    channel text    NOT NULL CHECK (channel IN ('email', 'sms')),
    enabled boolean NOT NULL,
    PRIMARY KEY (user_id, channel)
);

CREATE TABLE templates (
    name    text NOT NULL,
    channel text NOT NULL CHECK (channel IN ('email', 'sms')),
    subject text NOT NULL,
    body    text NOT NULL,
    PRIMARY KEY (name, channel)
);

CREATE TABLE notifications (
    id                 uuid        PRIMARY KEY,
    user_id            uuid        NOT NULL,
    -- One event, one notification, whatever is delivered twice.
    event_id           uuid        NOT NULL UNIQUE,
    channel            text        NOT NULL CHECK (channel IN ('email', 'sms')),
    template           text        NOT NULL,
    parameters         jsonb       NOT NULL,
    status             text        NOT NULL CHECK (status IN ('pending', 'sent', 'delivered', 'failed')),
    provider_reference text,
    failure_reason     text,
    attempts           integer     NOT NULL DEFAULT 0,
    -- When the next step is due: sending, or asking whether it arrived. Null when nothing is left to do.
    next_attempt_at    timestamptz,
    trace_context      jsonb       NOT NULL DEFAULT '{}',
    created_at         timestamptz NOT NULL,
    updated_at         timestamptz NOT NULL
);
CREATE INDEX notifications_due ON notifications (next_attempt_at) WHERE next_attempt_at IS NOT NULL;
-- Pages of a user's notifications, newest first: ids are time-ordered.
CREATE INDEX notifications_by_user ON notifications (user_id, id DESC);

INSERT INTO templates (name, channel, subject, body) VALUES
    ('welcome', 'email', 'Welcome to EcoTrack', 'Hello {{ first_name }}, thank you for joining EcoTrack.'),
    ('order_created', 'email', 'We have your order', 'Hello {{ first_name }}, your order {{ order_id }} over {{ amount }} {{ currency }} is reserved for you.'),
    ('order_completed', 'email', 'Your order is complete', 'Hello {{ first_name }}, your order {{ order_id }} is paid and complete.'),
    ('order_cancelled', 'email', 'Your order was cancelled', 'Hello {{ first_name }}, your order {{ order_id }} was cancelled.'),
    ('payment_processed', 'email', 'Thank you for your payment', 'Hello {{ first_name }}, we received {{ amount }} {{ currency }} for order {{ order_id }}.'),
    ('payment_failed', 'email', 'Your payment did not go through', 'Hello {{ first_name }}, your payment of {{ amount }} {{ currency }} for order {{ order_id }} was refused.'),
    ('payment_refunded', 'email', 'Your money is on its way back', 'Hello {{ first_name }}, we refunded {{ amount }} {{ currency }} for order {{ order_id }}.');

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
