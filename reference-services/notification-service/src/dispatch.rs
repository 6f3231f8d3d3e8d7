//! The worker that sends what is due and asks whether it arrived. One step for one notification, between two transactions.
//!
//! At least once: a provider's answer that is lost leads to a second mail with the same `notification_id`.

use std::time::Duration;

use ecotrack_chassis::cache::TypedCache;
use ecotrack_chassis::continuation;
use ecotrack_chassis::outbox::Outbox;
use ecotrack_chassis::postgres::{self, Database};
use ecotrack_chassis::workers::Progress;
use tracing::Span;

use crate::clients::{Mail, Mailer};
use crate::domain::channel::Channel;
use crate::domain::message::{Message, Template};
use crate::domain::notification::Notification;
use crate::domain::outcome::Outcome;
use crate::domain::status::Status;
use crate::metrics::NotificationMetrics;
use crate::store::{self, Due};

/// How long a step is left to the one who took it. Longer than a provider is waited for.
const LEASE: Duration = Duration::from_secs(15);

/// Sends and confirms.
#[derive(Clone)]
pub(crate) struct Dispatcher {
    pub(crate) database: Database,
    pub(crate) outbox: Outbox,
    pub(crate) mailer: Mailer,
    pub(crate) templates: TypedCache<Template>,
    pub(crate) metrics: NotificationMetrics,
}

impl Dispatcher {
    /// Takes one notification that is due a step further, in the trace of the event it goes back to.
    pub(crate) async fn step(&self) -> anyhow::Result<Progress> {
        let mut conn = self.database.acquire().await?;
        let Some(due) = store::take_due(&mut conn, LEASE).await? else {
            return Ok(Progress::Idle);
        };
        drop(conn);
        let context = due.context.clone();
        let span = span(&due.notification);
        continuation::resume(&context, "notifications", span, self.attempt(due)).await?;
        Ok(Progress::Worked)
    }

    async fn attempt(&self, due: Due) -> anyhow::Result<()> {
        let outcome = match (due.notification.status, &due.notification.provider_reference) {
            (Status::Sent, Some(reference)) => self.mailer.confirm(reference).await,
            _ => self.send(&due).await?,
        };
        let mut notification = due.notification;
        let was = notification.status;
        let again_in = notification.attempted(&outcome, postgres::now());
        self.write(&notification, was, again_in).await?;
        Ok(())
    }

    async fn send(&self, due: &Due) -> anyhow::Result<Outcome> {
        let notification = &due.notification;
        if notification.channel == Channel::Sms {
            return Ok(Outcome::Refused { reason: "no_phone_number" });
        }
        let mut conn = self.database.acquire().await?;
        let Some(recipient) = store::find_recipient(&mut conn, notification.user_id).await? else {
            return Ok(Outcome::Unavailable { reason: "unknown_recipient" });
        };
        drop(conn);
        let Some(template) = self.template(notification).await? else {
            return Ok(Outcome::Refused { reason: "unknown_template" });
        };
        let mut values = due.parameters.clone();
        values.insert("first_name".to_owned(), recipient.first_name);
        let message: Message = match template.render(&values) {
            Ok(message) => message,
            Err(error) => {
                tracing::error!(%error, template = notification.template, "the template does not fit its values");
                return Ok(Outcome::Refused { reason: "unfit_template" });
            }
        };
        let mail = Mail {
            notification_id: notification.id,
            template: &notification.template,
            to: &recipient.email,
            message: &message,
        };
        Ok(self.mailer.send(&mail).await)
    }

    async fn template(&self, notification: &Notification) -> sqlx::Result<Option<Template>> {
        let (name, channel) = (notification.template.as_str(), notification.channel);
        let id = format!("{}:{name}", channel.name());
        self.templates
            .get_or_load(&id, async || {
                let mut conn = self.database.acquire().await?;
                store::find_template(&mut conn, name, channel).await
            })
            .await
    }

    /// State and event become true together. A step that somebody else took meanwhile stands.
    async fn write(
        &self,
        notification: &Notification,
        was: Status,
        again_in: Option<Duration>,
    ) -> anyhow::Result<()> {
        let mut tx = self.database.begin().await?;
        if !store::update(&mut tx, notification, was, again_in).await? {
            return Ok(());
        }
        let reached = notification.status != was;
        if reached && let Some(event) = notification.event() {
            self.outbox.append(&mut tx, event).await?;
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
