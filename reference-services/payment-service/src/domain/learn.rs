//! Learning from a provider's notices: in whatever order they come and however often, the payment ends where it ends in order.

use chrono::{DateTime, Utc};
use ecotrack_events::Event;

use super::notice::{Contradiction, News, Notice};
use super::outcome::Outcome;
use super::payment::Payment;
use super::status::Status;

impl Payment {
    /// Takes in a notice and answers the events that tell of what it changed; none if it is old news.
    pub fn learn(
        &mut self,
        notice: &Notice,
        now: DateTime<Utc>,
    ) -> Result<Vec<Event>, Contradiction> {
        notice.check(self)?;
        match &notice.news {
            News::Captured { reference } => self.was_captured(reference, now),
            News::Declined { reason } => self.was_declined(reason, now),
            News::Refunded { reference, total } => {
                // Only money that was taken goes back, even if we were not told that it was.
                let mut events = self.was_captured(reference, now)?;
                if total.amount_minor() > self.refunded.amount_minor() {
                    events.extend(self.gone_back(total.amount_minor(), None, now));
                }
                Ok(events)
            }
        }
    }

    fn was_captured(
        &mut self,
        reference: &str,
        now: DateTime<Utc>,
    ) -> Result<Vec<Event>, Contradiction> {
        match self.status {
            Status::Failed => {
                self.take_back(reference, now);
                Ok(Vec::new())
            }
            Status::Initiated | Status::Pending => {
                let outcome = Outcome::Accepted { reference: reference.to_owned() };
                self.was_decided(&outcome, now)
            }
            Status::Processed
            | Status::RefundPending
            | Status::PartiallyRefunded
            | Status::Refunded => Ok(Vec::new()),
        }
    }

    fn was_declined(
        &mut self,
        reason: &str,
        now: DateTime<Utc>,
    ) -> Result<Vec<Event>, Contradiction> {
        match self.status {
            Status::Failed => Ok(Vec::new()),
            Status::Initiated | Status::Pending => {
                let outcome = Outcome::Declined { reason: reason.to_owned() };
                self.was_decided(&outcome, now)
            }
            Status::Processed
            | Status::RefundPending
            | Status::PartiallyRefunded
            | Status::Refunded => Err(Contradiction::Verdict),
        }
    }

    fn was_decided(
        &mut self,
        outcome: &Outcome,
        now: DateTime<Utc>,
    ) -> Result<Vec<Event>, Contradiction> {
        match self.charged(outcome, now) {
            Ok(event) => Ok(event.into_iter().collect()),
            Err(_) => Err(Contradiction::Verdict),
        }
    }
}
