//! A notification, and the steps of its life.

use chrono::{DateTime, Utc};
use ecotrack_events::Event;
use ecotrack_events::notification::{NotificationDelivered, NotificationFailed, NotificationSent};
use uuid::Uuid;

use super::channel::Channel;
use super::outcome::Outcome;
use super::schedule::{self, Next};
use super::status::Status;

/// A notification.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notification {
    /// Its id, time-ordered.
    pub id: Uuid,
    /// Who is told.
    pub user_id: Uuid,
    /// On which way.
    pub channel: Channel,
    /// Name of the template.
    pub template: String,
    /// Where it stands.
    pub status: Status,
    /// The provider's own id of the message.
    pub provider_reference: Option<String>,
    /// Why it failed, in a word.
    pub failure_reason: Option<String>,
    /// Attempts at the step at hand.
    pub attempts: u32,
    /// When it was recorded.
    pub created_at: DateTime<Utc>,
    /// When its status last changed.
    pub updated_at: DateTime<Utc>,
}

impl Notification {
    /// What an attempt makes of the notification. Sending leads to `sent`, confirming to `delivered`; the same outcome
    /// again and again leads to `failed`. Says when the next attempt is due, if there is one.
    pub fn attempted(
        &mut self,
        outcome: &Outcome,
        now: DateTime<Utc>,
    ) -> Option<std::time::Duration> {
        match (self.status, outcome) {
            (Status::Delivered | Status::Failed, _) => None,
            (Status::Pending, Outcome::Accepted { reference }) => {
                self.provider_reference = Some(reference.clone());
                self.reach(Status::Sent, now);
                Some(schedule::CONFIRMATION_PAUSE)
            }
            (Status::Sent, Outcome::Accepted { .. }) => {
                self.reach(Status::Delivered, now);
                None
            }
            (Status::Pending | Status::Sent, Outcome::Refused { reason }) => self.fail(reason, now),
            (Status::Pending | Status::Sent, Outcome::Unavailable { reason }) => {
                match schedule::after(self.attempts) {
                    Next::RetryAfter(pause) => Some(pause),
                    Next::GiveUp => self.fail(reason, now),
                }
            }
        }
    }

    fn fail(&mut self, reason: &str, now: DateTime<Utc>) -> Option<std::time::Duration> {
        self.failure_reason = Some(reason.to_owned());
        self.reach(Status::Failed, now);
        None
    }

    fn reach(&mut self, status: Status, now: DateTime<Utc>) {
        self.status = status;
        self.updated_at = now;
        self.attempts = 0;
    }

    /// The event that tells of the status the notification has reached.
    #[must_use]
    pub fn event(&self) -> Option<Event> {
        let (notification_id, user_id, at) = (self.id, self.user_id, self.updated_at);
        let (channel, template) = (self.channel.name().to_owned(), self.template.clone());
        match self.status {
            Status::Pending => None,
            Status::Sent => Some(
                NotificationSent { notification_id, user_id, channel, template, sent_at: at }
                    .into(),
            ),
            Status::Delivered => Some(
                NotificationDelivered {
                    notification_id,
                    user_id,
                    channel,
                    template,
                    delivered_at: at,
                }
                .into(),
            ),
            Status::Failed => {
                let reason = self.failure_reason.clone().unwrap_or_default();
                Some(
                    NotificationFailed {
                        notification_id,
                        user_id,
                        channel,
                        template,
                        reason,
                        failed_at: at,
                    }
                    .into(),
                )
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn pending() -> Notification {
        Notification {
            id: Uuid::now_v7(),
            user_id: Uuid::now_v7(),
            channel: Channel::Email,
            template: "welcome".to_owned(),
            status: Status::Pending,
            provider_reference: None,
            failure_reason: None,
            attempts: 1,
            created_at: Utc::now(),
            updated_at: Utc::now(),
        }
    }

    fn accepted() -> Outcome {
        Outcome::Accepted { reference: "msg-1".to_owned() }
    }

    #[test]
    fn what_a_provider_accepted_is_sent_and_delivered_once_confirmed() {
        let mut notification = pending();
        assert_eq!(
            notification.attempted(&accepted(), Utc::now()),
            Some(schedule::CONFIRMATION_PAUSE)
        );
        assert_eq!(notification.status, Status::Sent);
        assert_eq!(notification.attempted(&accepted(), Utc::now()), None);
        assert_eq!(notification.status, Status::Delivered);
        assert!(matches!(notification.event(), Some(Event::NotificationDelivered(_))));
    }

    #[test]
    fn a_refusal_is_final() {
        let mut notification = pending();
        assert_eq!(
            notification.attempted(&Outcome::Refused { reason: "refused" }, Utc::now()),
            None
        );
        assert_eq!(
            (notification.status, notification.failure_reason.as_deref()),
            (Status::Failed, Some("refused"))
        );
    }

    proptest! {
        #[test]
        fn an_attempt_either_ends_it_or_leads_to_another(attempts in 1..30_u32) {
            let mut notification = Notification { attempts, ..pending() };
            let next = notification.attempted(&Outcome::Unavailable { reason: "no_answer" }, Utc::now());
            prop_assert_eq!(next.is_none(), notification.status == Status::Failed);
        }

        #[test]
        fn a_final_status_stays(delivered in any::<bool>(), accept in any::<bool>()) {
            let status = if delivered { Status::Delivered } else { Status::Failed };
            let mut notification = Notification { status, ..pending() };
            let outcome = if accept { accepted() } else { Outcome::Refused { reason: "refused" } };
            prop_assert_eq!(notification.attempted(&outcome, Utc::now()), None);
            prop_assert_eq!(notification.status, status);
        }
    }
}
