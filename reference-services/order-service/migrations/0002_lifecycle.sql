-- Until when an unpaid order keeps its stock. Orders of the version before get what they would have had at most.
ALTER TABLE orders ADD COLUMN reserved_until timestamptz NOT NULL DEFAULT now() + interval '15 minutes';
-- The payment that was first heard of; an order has one, ever.
ALTER TABLE orders ADD COLUMN payment_id uuid;
CREATE INDEX orders_unpaid ON orders (reserved_until) WHERE status = 'created';
CREATE INDEX orders_open_by_user ON orders (user_id) WHERE status IN ('created', 'payment_pending');
CREATE INDEX orders_by_user_and_status ON orders (user_id, status, id DESC);

-- Who made a step. The version before wrote no actor; its steps say themselves who it was.
ALTER TABLE order_history ADD COLUMN actor text NOT NULL DEFAULT 'payment'
    CHECK (actor IN ('customer', 'payment', 'system'));
UPDATE order_history SET actor = 'customer' WHERE status = 'created' OR notes = 'customer';

-- The life of an order, once more where no code can go around it. A test compares it with the domain's.
CREATE FUNCTION refuse_illegal_status() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.status = 'created' THEN
            RETURN NEW;
        END IF;
    ELSIF (OLD.status, NEW.status) IN (
        ('created', 'payment_pending'),
        ('created', 'cancelled'),
        ('payment_pending', 'paid'),
        ('payment_pending', 'cancelled'),
        ('paid', 'completed'),
        ('completed', 'refunded')
    ) THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'an order cannot become %', NEW.status
        USING ERRCODE = 'check_violation', CONSTRAINT = 'orders_legal_status';
END
$$;
CREATE TRIGGER orders_begin_created BEFORE INSERT ON orders
    FOR EACH ROW EXECUTE FUNCTION refuse_illegal_status();
CREATE TRIGGER orders_step_legally BEFORE UPDATE OF status ON orders
    FOR EACH ROW EXECUTE FUNCTION refuse_illegal_status();

-- What happened is not rewritten.
CREATE FUNCTION refuse_rewriting() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END
$$;
CREATE TRIGGER order_history_is_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON order_history
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_rewriting();

-- An order being placed, written before stock is asked for. It becomes an order in one transaction, or its stock is given
-- back: whatever is left here when it is due has no order, and somebody must tell the catalogue.
CREATE TABLE reservation_intents (
    order_id     uuid        PRIMARY KEY,
    user_id      uuid        NOT NULL,
    due_at       timestamptz NOT NULL,
    is_releasing boolean     NOT NULL DEFAULT false,
    created_at   timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX reservation_intents_due ON reservation_intents (due_at);
CREATE INDEX reservation_intents_by_user ON reservation_intents (user_id) WHERE NOT is_releasing;
-- An attempt that was undone frees its key.
CREATE INDEX idempotency_keys_unanswered ON idempotency_keys (subject_id) WHERE status IS NULL;
