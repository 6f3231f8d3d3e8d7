-- A key that came back with another request: nothing was done, and a judge sees that it was tried.
ALTER TABLE ledger
    DROP CONSTRAINT ledger_outcome_check,
    ADD CONSTRAINT ledger_outcome_check CHECK (outcome IN ('accepted', 'declined', 'replayed', 'refused', 'failed', 'unanswered'));
