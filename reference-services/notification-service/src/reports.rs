//! What providers report, unasked, about messages they accepted.

use ecotrack_chassis::continuation;
use ecotrack_chassis::outbox::Outbox;
use ecotrack_chassis::postgres::{self, Database};
use uuid::Uuid;

use crate::domain::channel::Channel;
use crate::domain::notification::Notification;
use crate::domain::report::Report;
use crate::metrics::NotificationMetrics;
use crate::store::{self, Found};

/// Which message is reported about.
pub(crate) enum Subject<'a> {
    /// The provider knows our id besides its own.
    Ours {
        /// Our id.
        notification_id: Uuid,
        /// The provider's.
        reference: &'a str,
    },
    /// The provider knows its own id only.
    Theirs {
        /// Which provider.
        channel: Channel,
        /// The provider's id.
        reference: &'a str,
    },
}

/// Applies reports.
#[derive(Clone)]
pub(crate) struct Reports {
    pub(crate) database: Database,
    pub(crate) outbox: Outbox,
    pub(crate) metrics: NotificationMetrics,
}

impl Reports {
    /// Takes a notification on by a report. Says whether it told anything new: reports come more than once, late, and about
    /// messages we do not know (yet: then the provider is asked, as for every message).
    pub(crate) async fn apply(
        &self,
        subject: &Subject<'_>,
        report: Report,
    ) -> anyhow::Result<bool> {
        let mut tx = self.database.begin().await?;
        let (found, reference) = match subject {
            Subject::Ours { notification_id, reference } => {
                (store::lock_by_id(&mut tx, *notification_id).await?, *reference)
            }
            Subject::Theirs { channel, reference } => {
                (store::lock_by_reference(&mut tx, *channel, reference).await?, *reference)
            }
        };
        let Some(Found { mut notification, context }) = found else { return Ok(false) };
        if notification.provider_reference.as_deref().is_some_and(|known| known != reference) {
            return Ok(false);
        }
        let span = tracing::info_span!("notification-report", notification_id = %notification.id);
        let applied = async {
            let was = notification.stand();
            let steps = notification.reported(report, reference, postgres::now());
            if steps.is_empty() {
                return Ok(false);
            }
            store::update(&mut tx, &notification, was, None).await?;
            for event in steps.iter().filter_map(Notification::event) {
                self.outbox.append(&mut tx, event).await?;
            }
            store::drop_message(&mut tx, notification.id).await?;
            self.outbox.commit(tx).await?;
            for step in &steps {
                self.metrics.reached(step);
            }
            anyhow::Ok(true)
        };
        continuation::resume(&context, "notifications", span, applied).await
    }
}
