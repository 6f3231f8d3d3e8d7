-- What the outside world saw, in the order it saw it. A judge reads it, so nothing in it may ever change.
CREATE TABLE ledger (
    id              bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at              timestamptz NOT NULL DEFAULT clock_timestamp(),
    provider        text        NOT NULL,
    operation       text        NOT NULL,
    idempotency_key text,
    reference       text,
    outcome         text        NOT NULL CHECK (outcome IN ('accepted', 'declined', 'replayed', 'failed', 'unanswered')),
    body            jsonb       NOT NULL
);

-- One idempotency key, one effect: the second request finds the first one's row.
CREATE UNIQUE INDEX ledger_one_effect ON ledger (provider, operation, idempotency_key)
    WHERE outcome IN ('accepted', 'declined') AND provider IN ('stripe', 'paypal');
CREATE INDEX ledger_by_reference ON ledger (provider, reference);
CREATE INDEX ledger_by_time ON ledger (provider, at);

CREATE FUNCTION refuse_ledger_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the ledger is append-only: % refused', TG_OP USING ERRCODE = 'restrict_violation';
END
$$;

CREATE TRIGGER ledger_is_append_only
    BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_ledger_change();

-- Faults live here, not in memory, so that every replica shows the same fault and it ends at the same moment everywhere.
CREATE TABLE faults (
    provider   text        NOT NULL,
    match      text        NOT NULL,
    mode       text        NOT NULL CHECK (mode IN ('decline', 'delay', 'hang', 'reset', 'error')),
    delay_ms   integer     NOT NULL CHECK (delay_ms >= 0),
    armed_at   timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL,
    hits       bigint      NOT NULL DEFAULT 0,
    PRIMARY KEY (provider, match)
);
