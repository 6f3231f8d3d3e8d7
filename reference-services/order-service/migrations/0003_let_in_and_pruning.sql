-- What `payment_id` says since payments name themselves when they are opened.
COMMENT ON COLUMN orders.payment_id IS 'The payment that was let in, or else the one that took the money.';
-- Keys that have had their time are found by their age.
CREATE INDEX idempotency_keys_age ON idempotency_keys (created_at);
