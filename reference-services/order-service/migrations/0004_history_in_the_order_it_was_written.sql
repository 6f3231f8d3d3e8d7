-- An order is locked while it makes a step, so the order of writing is the order of its steps; replicas' clocks need not agree.
-- What is there already is numbered as it lies, which is as it was written: nothing of it was ever changed.
ALTER TABLE order_history ADD COLUMN position bigint GENERATED ALWAYS AS IDENTITY;
