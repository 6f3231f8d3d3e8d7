//! What users want to be told, and what becomes of what waits to be sent when they change their minds.

use ecotrack_chassis::outbox::Outbox;
use ecotrack_chassis::postgres::Database;
use uuid::Uuid;

use crate::abandonment::abandon;
use crate::domain::notification::UNWANTED;
use crate::domain::preferences::Preferences;
use crate::metrics::NotificationMetrics;
use crate::store;

/// Reads and replaces preferences.
#[derive(Clone)]
pub(crate) struct Choices {
    pub(crate) database: Database,
    pub(crate) outbox: Outbox,
    pub(crate) metrics: NotificationMetrics,
}

impl Choices {
    /// What a user wants.
    pub(crate) async fn find(&self, user_id: Uuid) -> sqlx::Result<Preferences> {
        let mut conn = self.database.acquire().await?;
        store::find_preferences(&mut conn, user_id).await
    }

    /// Replaces what a user wants, and ends what waits to be sent and is not wanted any more, or was to go to another number.
    /// `false` if the user is erased.
    pub(crate) async fn put(&self, user_id: Uuid, wanted: &Preferences) -> sqlx::Result<bool> {
        let mut tx = self.database.begin().await?;
        store::lock_user(&mut tx, user_id).await?;
        let before = store::find_preferences(&mut tx, user_id).await?;
        if !store::put_preferences(&mut tx, user_id, wanted).await? {
            return Ok(false);
        }
        let mut ended = store::lock_pending_of(&mut tx, user_id).await?;
        ended.retain(|notification| !wanted.still_want(notification, &before));
        abandon(&mut tx, &self.outbox, &mut ended, UNWANTED).await?;
        self.outbox.commit(tx).await?;
        for notification in &ended {
            self.metrics.reached(notification);
        }
        Ok(true)
    }
}
