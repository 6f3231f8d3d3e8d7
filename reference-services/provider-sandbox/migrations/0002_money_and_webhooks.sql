-- What money a line moved: a charge's amount, or a refund's with the charge it belongs to.
ALTER TABLE ledger
    ADD COLUMN amount_minor bigint CHECK (amount_minor > 0),
    ADD COLUMN currency     text,
    ADD COLUMN parent       text;
CREATE INDEX ledger_by_parent ON ledger (provider, parent) WHERE parent IS NOT NULL;
-- Customers look their charges up by their own ids.
CREATE INDEX ledger_by_stripe_payment ON ledger ((body #>> '{request,metadata[payment_id]}')) WHERE provider = 'stripe';
CREATE INDEX ledger_by_paypal_payment ON ledger ((body #>> '{request,purchase_units,0,custom_id}')) WHERE provider = 'paypal';

-- A fault concerns the calls that come in or the webhooks that go out; one of each may be in force for the same text.
ALTER TABLE faults
    ADD COLUMN concerns text NOT NULL DEFAULT 'call' CHECK (concerns IN ('call', 'webhook')),
    DROP CONSTRAINT faults_pkey,
    DROP CONSTRAINT faults_mode_check,
    ADD PRIMARY KEY (provider, match, concerns),
    ADD CONSTRAINT faults_mode_check CHECK (mode IN ('decline', 'delay', 'hang', 'reset', 'error', 'answer_lost',
        'webhook_duplicate', 'webhook_out_of_order', 'webhook_delay'));

-- Webhooks on their way, written with the ledger line they tell of. Never more than are worth sending: the oldest wait, new ones are refused.
CREATE TABLE webhooks (
    id           bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    provider     text        NOT NULL,
    event_id     text        NOT NULL UNIQUE,
    content_type text        NOT NULL,
    body         text        NOT NULL,
    -- How often it still has to arrive; more than once when a fault says so.
    copies       integer     NOT NULL CHECK (copies >= 0),
    attempts     integer     NOT NULL DEFAULT 0,
    due_at       timestamptz NOT NULL,
    -- Arrived as often as it should, or given up.
    closed_at    timestamptz,
    created_at   timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX webhooks_open ON webhooks (due_at, id) WHERE closed_at IS NULL;
