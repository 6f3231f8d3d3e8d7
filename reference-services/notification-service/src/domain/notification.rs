//! A notification, and the steps of its life.

use std::time::Duration;

use chrono::{DateTime, Utc};
use ecotrack_events::Event;
use ecotrack_events::notification::{NotificationDelivered, NotificationFailed, NotificationSent};
use uuid::Uuid;

use super::channel::Channel;
use super::outcome::Outcome;
use super::report::Report;
use super::schedule;
use super::status::{Stand, Status};

/// Its user left.
pub const USER_DELETED: &str = "user_deleted";
/// Its user does not want it any more.
pub const UNWANTED: &str = "unwanted";
/// The user is not known after all this time.
const UNKNOWN_RECIPIENT: &str = "unknown_recipient";
/// The provider was away for all this time.
const PROVIDER_AWAY: &str = "provider_away";
/// The message came back.
const BOUNCED: &str = "bounced";

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
    /// Where it stands.
    #[must_use]
    pub const fn stand(&self) -> Stand {
        Stand { status: self.status, attempts: self.attempts }
    }

    /// What an attempt makes of the notification. Sending leads to `sent`, confirming to `delivered`; what leads nowhere for too
    /// long leads to `failed`. Says when the next attempt is due, if there is one.
    pub fn attempted(&mut self, outcome: &Outcome, now: DateTime<Utc>) -> Option<Duration> {
        match (self.status, outcome) {
            (Status::Delivered | Status::Failed | Status::Bounced, _) => None,
            (Status::Pending, Outcome::Accepted { reference }) => {
                self.provider_reference = Some(reference.clone());
                self.reach(Status::Sent, now);
                Some(schedule::CONFIRMATION_PAUSE)
            }
            (Status::Sent, Outcome::Accepted { reference }) => {
                self.deliver(reference, now);
                None
            }
            (Status::Pending | Status::Sent, Outcome::Refused { reason }) => self.fail(reason, now),
            (Status::Pending | Status::Sent, Outcome::Bounced) => self.bounce(now),
            (Status::Pending, Outcome::Unavailable { reason }) => {
                let pause = schedule::pause(self.attempts);
                self.wait(pause, schedule::PROVIDER_PATIENCE, reason, now)
            }
            (Status::Sent, Outcome::Unavailable { reason }) => {
                let pause = schedule::confirmation_pause(self.attempts);
                self.wait(pause, schedule::CONFIRMATION_PATIENCE, reason, now)
            }
            (Status::Pending | Status::Sent, Outcome::Unaddressed) => {
                let pause = schedule::pause(self.attempts);
                self.wait(pause, schedule::ADDRESS_PATIENCE, UNKNOWN_RECIPIENT, now)
            }
            (Status::Pending | Status::Sent, Outcome::Suspended { retry_after }) => {
                // Nobody was asked, so it was no attempt.
                self.attempts = self.attempts.saturating_sub(1);
                self.wait(*retry_after, schedule::PROVIDER_PATIENCE, PROVIDER_AWAY, now)
            }
        }
    }

    /// What a provider's report makes of the notification, as it was at each step that is to be told. Reports come in any order
    /// and more than once, also before the answer to sending: they only ever lead onwards, so each order ends the same.
    pub fn reported(&mut self, report: Report, reference: &str, now: DateTime<Utc>) -> Vec<Self> {
        let mut steps = Vec::new();
        if self.status == Status::Pending {
            self.provider_reference = Some(reference.to_owned());
            self.reach(Status::Sent, now);
            steps.push(self.clone());
        }
        match (self.status, report) {
            (Status::Failed, _) if self.is_abandoned() => return steps,
            (Status::Sent | Status::Failed, Report::Delivered) => self.deliver(reference, now),
            (Status::Sent | Status::Failed | Status::Delivered, Report::Bounced) => {
                self.bounce(now);
            }
            (Status::Pending | Status::Delivered | Status::Bounced, _) => return steps,
        }
        steps.push(self.clone());
        steps
    }

    /// Whether it ended because nobody was to get it. Any other failure is a guess about what a provider did, who knows better.
    fn is_abandoned(&self) -> bool {
        matches!(self.failure_reason.as_deref(), Some(USER_DELETED | UNWANTED))
    }

    /// Ends a notification that is not sent yet.
    pub fn abandon(&mut self, reason: &str, now: DateTime<Utc>) {
        if self.status == Status::Pending {
            self.fail(reason, now);
        }
    }

    /// Waits on, unless it has stood where it stands for too long.
    fn wait(
        &mut self,
        pause: Duration,
        patience: Duration,
        reason: &str,
        now: DateTime<Utc>,
    ) -> Option<Duration> {
        let age = (now - self.updated_at).to_std().unwrap_or_default();
        if age < patience { Some(pause) } else { self.fail(reason, now) }
    }

    fn fail(&mut self, reason: &str, now: DateTime<Utc>) -> Option<Duration> {
        self.failure_reason = Some(reason.to_owned());
        self.reach(Status::Failed, now);
        None
    }

    fn deliver(&mut self, reference: &str, now: DateTime<Utc>) {
        self.provider_reference = Some(reference.to_owned());
        self.failure_reason = None;
        self.reach(Status::Delivered, now);
    }

    fn bounce(&mut self, now: DateTime<Utc>) -> Option<Duration> {
        self.failure_reason = Some(BOUNCED.to_owned());
        self.reach(Status::Bounced, now);
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
            Status::Failed | Status::Bounced => {
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
        let now = Utc::now();
        Notification {
            id: Uuid::now_v7(),
            user_id: Uuid::now_v7(),
            channel: Channel::Email,
            template: "welcome".to_owned(),
            status: Status::Pending,
            provider_reference: None,
            failure_reason: None,
            attempts: 1,
            created_at: now,
            updated_at: now,
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

    #[test]
    fn who_is_not_known_yet_is_waited_for_but_not_for_ever() {
        let mut notification = Notification { attempts: 50, ..pending() };
        let created = notification.created_at;
        assert!(notification.attempted(&Outcome::Unaddressed, created).is_some());
        let late = created + schedule::ADDRESS_PATIENCE;
        assert_eq!(notification.attempted(&Outcome::Unaddressed, late), None);
        assert_eq!(notification.failure_reason.as_deref(), Some("unknown_recipient"));
    }

    #[test]
    fn a_provider_nobody_asks_costs_no_attempts() {
        let mut notification = Notification { attempts: 4, ..pending() };
        let pause = Duration::from_secs(7);
        let next = notification.attempted(&Outcome::Suspended { retry_after: pause }, Utc::now());
        assert_eq!((next, notification.attempts), (Some(pause), 3));
    }

    fn unavailable() -> Outcome {
        Outcome::Unavailable { reason: "no_answer" }
    }

    #[test]
    fn a_provider_that_is_away_is_waited_for_by_age_and_not_by_attempts() {
        for status in [Status::Pending, Status::Sent] {
            let mut notification = Notification { status, attempts: 10, ..pending() };
            let began = notification.updated_at;
            let soon = began + Duration::from_mins(3);
            assert!(notification.attempted(&unavailable(), soon).is_some(), "{status:?}");
            assert_eq!(
                notification.attempted(&unavailable(), began + Duration::from_hours(24)),
                None
            );
            assert_eq!(notification.failure_reason.as_deref(), Some("no_answer"));
        }
    }

    #[test]
    fn waiting_for_an_address_uses_up_no_patience_with_the_provider() {
        let mut notification = pending();
        let now = notification.updated_at;
        for attempts in 1..=60 {
            notification.attempts = attempts;
            assert!(notification.attempted(&Outcome::Unaddressed, now).is_some());
        }
        notification.attempts = 61;
        assert!(notification.attempted(&unavailable(), now).is_some());
        assert_eq!(notification.status, Status::Pending);
    }

    #[test]
    fn what_was_given_up_is_what_its_provider_says_it_is() {
        for (report, end) in
            [(Report::Delivered, Status::Delivered), (Report::Bounced, Status::Bounced)]
        {
            let mut notification = pending();
            notification.fail("no_answer", Utc::now());
            assert_eq!(notification.reported(report, "msg-1", Utc::now()).len(), 1);
            assert_eq!(notification.status, end);
        }
    }

    #[test]
    fn what_nobody_was_to_get_stays_ended_whatever_is_reported() {
        for reason in [USER_DELETED, UNWANTED] {
            let mut notification = pending();
            notification.abandon(reason, Utc::now());
            assert!(notification.reported(Report::Delivered, "msg-1", Utc::now()).is_empty());
            assert_eq!(notification.failure_reason.as_deref(), Some(reason));
        }
    }

    #[test]
    fn a_report_before_the_answer_tells_of_both_steps() {
        let mut notification = pending();
        let steps = notification.reported(Report::Delivered, "msg-1", Utc::now());
        let statuses: Vec<_> = steps.iter().map(|step| step.status).collect();
        assert_eq!(statuses, [Status::Sent, Status::Delivered]);
        assert_eq!(notification.provider_reference.as_deref(), Some("msg-1"));
    }

    #[test]
    fn what_was_abandoned_stays_so_and_what_was_sent_is_not_abandoned() {
        let mut notification = pending();
        notification.abandon("user_deleted", Utc::now());
        assert_eq!(notification.status, Status::Failed);
        let mut sent = Notification { status: Status::Sent, ..pending() };
        sent.abandon("user_deleted", Utc::now());
        assert_eq!(sent.status, Status::Sent);
    }

    fn report() -> impl Strategy<Value = Report> {
        prop_oneof![Just(Report::Delivered), Just(Report::Bounced)]
    }

    proptest! {
        #[test]
        fn reports_in_any_order_and_number_end_the_same(
            reports in prop::collection::vec(report(), 1..12), shuffled in any::<prop::sample::Index>(),
        ) {
            let mut other_order = reports.clone();
            other_order.rotate_left(shuffled.index(reports.len()));
            other_order.extend(reports.clone());
            let end = |reports: &[Report]| {
                let mut notification = pending();
                for report in reports {
                    notification.reported(*report, "msg-1", Utc::now());
                }
                notification.status
            };
            prop_assert_eq!(end(&reports), end(&other_order));
            let bounced = reports.contains(&Report::Bounced);
            prop_assert_eq!(end(&reports) == Status::Bounced, bounced);
        }

        #[test]
        fn a_report_that_comes_again_tells_nothing(report in report()) {
            let mut notification = pending();
            prop_assert!(!notification.reported(report, "msg-1", Utc::now()).is_empty());
            prop_assert!(notification.reported(report, "msg-1", Utc::now()).is_empty());
        }

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
