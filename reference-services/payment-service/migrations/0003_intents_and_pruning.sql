-- Payments that are about to be opened at order-service. Each becomes a payment in one transaction, or is given up: whatever is
-- left here when it is due has nobody who looks after it, and its order must not wait for it for ever.
CREATE TABLE payment_intents (
    payment_id    uuid        PRIMARY KEY,
    order_id      uuid        NOT NULL,
    user_id       uuid        NOT NULL,
    amount        bigint      NOT NULL CHECK (amount > 0),
    currency      text        NOT NULL,
    method        text        NOT NULL,
    trace_context jsonb       NOT NULL DEFAULT '{}',
    -- When a request last took it up, and when it is looked at if none finishes it.
    begun_at      timestamptz NOT NULL,
    due_at        timestamptz NOT NULL,
    -- Kept as long as its request may come again under its key: it must not begin anew what the world heard has failed.
    given_up_at   timestamptz
);
CREATE INDEX payment_intents_due ON payment_intents (due_at) WHERE given_up_at IS NULL;
CREATE INDEX payment_intents_by_order ON payment_intents (order_id) WHERE given_up_at IS NULL;
CREATE INDEX payment_intents_age ON payment_intents (given_up_at) WHERE given_up_at IS NOT NULL;

-- What has had its time is found by its age.
CREATE INDEX idempotency_keys_age ON idempotency_keys (created_at);
CREATE INDEX provider_events_age ON provider_events (received_at);
