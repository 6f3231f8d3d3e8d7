-- Money may go back in parts, never more than was taken.
ALTER TABLE payments
    ADD COLUMN refunded bigint NOT NULL DEFAULT 0,
    DROP CONSTRAINT payments_status_check,
    ADD CONSTRAINT payments_status_check CHECK (status IN ('initiated', 'pending', 'processed', 'failed', 'refund_pending',
        'partially_refunded', 'refunded'));
UPDATE payments SET refunded = amount WHERE status = 'refunded';
ALTER TABLE payments ADD CONSTRAINT payments_refunded_check CHECK (refunded BETWEEN 0 AND amount);

CREATE TABLE refunds (
    id                 uuid        PRIMARY KEY,
    payment_id         uuid        NOT NULL REFERENCES payments (id),
    amount             bigint      NOT NULL CHECK (amount > 0),
    -- Once so much has gone back in all, this refund is among it.
    covered_at         bigint      NOT NULL,
    status             text        NOT NULL CHECK (status IN ('pending', 'succeeded', 'failed')),
    provider_reference text,
    failure_reason     text,
    created_at         timestamptz NOT NULL,
    updated_at         timestamptz NOT NULL
);
-- One at a time: the next one is decided knowing how the last one ended.
CREATE UNIQUE INDEX refunds_one_pending ON refunds (payment_id) WHERE status = 'pending';
CREATE INDEX refunds_by_payment ON refunds (payment_id);

-- Refunds from before had their payment's id, and so have the provider's keys for them.
INSERT INTO refunds (id, payment_id, amount, covered_at, status, created_at, updated_at)
SELECT id, id, amount, amount, CASE status WHEN 'refunded' THEN 'succeeded' ELSE 'pending' END, updated_at, updated_at
FROM payments WHERE status IN ('refunded', 'refund_pending');

-- Events of providers that were taken in: the inbox of webhooks. A provider's event id is a text of its own.
CREATE TABLE provider_events (
    gateway     text        NOT NULL,
    event_id    text        NOT NULL,
    received_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (gateway, event_id)
);
