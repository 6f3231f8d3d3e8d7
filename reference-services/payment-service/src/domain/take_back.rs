//! Money that was taken for a payment that was given up, and whose order is cancelled: all of it goes back.

use chrono::{DateTime, Utc};

use super::payment::Payment;
use super::status::Status;

impl Payment {
    /// All of it goes back, by a refund that has the payment's own id.
    pub(super) fn take_back(&mut self, reference: &str, now: DateTime<Utc>) {
        self.provider_reference = Some(reference.to_owned());
        self.send_back(self.id, self.amount);
        (self.status, self.updated_at) = (Status::RefundPending, now);
    }
}
