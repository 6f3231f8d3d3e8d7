//! The workers that send what is due and ask whether it arrived: some notifications side by side, each between two transactions.
//!
//! Never twice: what is sent is written down before the first attempt, so every attempt is the same request under the same key,
//! and a provider that got it before only repeats its answer. One worker's provider that hangs does not hold up the other
//! channel.

mod compose;

use std::time::Duration;

use ecotrack_chassis::cache::TypedCache;
use ecotrack_chassis::outbox::Outbox;
use ecotrack_chassis::postgres::{self, Database};
use ecotrack_chassis::workers::Progress;
use ecotrack_chassis::{continuation, failpoint};
use futures::future::join_all;
use tracing::Span;

use crate::clients::{Letter, Mailer, Texter};
use crate::domain::channel::Channel;
use crate::domain::message::Template;
use crate::domain::notification::Notification;
use crate::domain::outcome::Outcome;
use crate::domain::status::{Stand, Status};
use crate::metrics::NotificationMetrics;
use crate::store::{self, Due, Prepared};

/// How long a step is left to the one who took it. Longer than a provider is waited for.
const LEASE: Duration = Duration::from_secs(15);
/// Notifications of a channel that are on their way at once: mostly they wait, for the provider and for the disk. Fewer than the
/// database has connections, so that there are some left.
const SIDE_BY_SIDE: i64 = 8;

/// Sends and confirms.
#[derive(Clone)]
pub(crate) struct Dispatcher {
    pub(crate) database: Database,
    pub(crate) outbox: Outbox,
    pub(crate) mailer: Mailer,
    pub(crate) texter: Texter,
    pub(crate) templates: TypedCache<Template>,
    pub(crate) metrics: NotificationMetrics,
}

impl Dispatcher {
    /// Takes some notifications of a channel that are due a step further.
    pub(crate) async fn step(&self, channel: Channel) -> anyhow::Result<Progress> {
        let mut conn = self.database.acquire().await?;
        let due = store::take_due(&mut conn, channel, SIDE_BY_SIDE, LEASE).await?;
        drop(conn);
        if due.is_empty() {
            return Ok(Progress::Idle);
        }
        let attempts = join_all(due.into_iter().map(|due| self.advance(due))).await;
        // What failed is taken again when its lease is over. Of many failures the first one tells why.
        attempts.into_iter().collect::<anyhow::Result<()>>().map(|()| Progress::Worked)
    }

    /// Takes a notification a step further, in the trace of the event it goes back to.
    async fn advance(&self, due: sqlx::Result<Due>) -> anyhow::Result<()> {
        let due = due?;
        let context = due.found.context.clone();
        let span = span(&due.found.notification);
        continuation::resume(&context, "notifications", span, self.attempt(due)).await
    }

    async fn attempt(&self, due: Due) -> anyhow::Result<()> {
        let notification = &due.found.notification;
        let outcome = match (notification.status, &notification.provider_reference) {
            (Status::Sent, Some(reference)) => self.confirm(notification.channel, reference).await,
            _ => match self.prepare(&due).await? {
                Ok(prepared) => self.send(notification, &prepared).await,
                Err(outcome) => outcome,
            },
        };
        failpoint::hit("notification.after-provider");
        let mut notification = due.found.notification;
        let was = notification.stand();
        let again_in = notification.attempted(&outcome, postgres::now());
        self.write(&notification, was, again_in).await
    }

    async fn confirm(&self, channel: Channel, reference: &str) -> Outcome {
        match channel {
            Channel::Email => self.mailer.confirm(reference).await,
            Channel::Sms => self.texter.confirm(reference).await,
        }
    }

    async fn send(&self, notification: &Notification, prepared: &Prepared) -> Outcome {
        let letter = Letter {
            notification_id: notification.id,
            template: &notification.template,
            to: &prepared.address,
            message: &prepared.message,
        };
        match notification.channel {
            Channel::Email => self.mailer.send(&letter).await,
            Channel::Sms => self.texter.send(&letter).await,
        }
    }

    /// State and event become true together. A step that somebody else took meanwhile stands.
    async fn write(
        &self,
        notification: &Notification,
        was: Stand,
        again_in: Option<Duration>,
    ) -> anyhow::Result<()> {
        let mut tx = self.database.begin().await?;
        if !store::update(&mut tx, notification, was, again_in).await? {
            return Ok(());
        }
        let reached = notification.status != was.status;
        if reached && let Some(event) = notification.event() {
            self.outbox.append(&mut tx, event).await?;
        }
        if notification.status != Status::Pending {
            store::drop_message(&mut tx, notification.id).await?;
        }
        self.outbox.commit(tx).await?;
        if reached {
            self.metrics.reached(notification);
            let (notification_id, status) = (notification.id, notification.status.name());
            tracing::info!(%notification_id, status, template = notification.template, "notification went a step further");
        }
        Ok(())
    }
}

fn span(notification: &Notification) -> Span {
    if notification.status == Status::Sent {
        return tracing::info_span!("notification-confirmation", notification_id = %notification.id);
    }
    tracing::info_span!(
        "notification-delivery",
        notification_id = %notification.id,
        user_id = %notification.user_id,
        channel = notification.channel.name(),
        template = notification.template,
    )
}
