//! What notification-service does with events of others: it learns where users can be reached, writes down whom to tell, and
//! forgets who left.

use ecotrack_chassis::inbox::{Handler, HandlerError};
use ecotrack_chassis::outbox::Outbox;
use ecotrack_chassis::telemetry::propagation;
use ecotrack_events::user::{UserDeleted, UserRegistered, UserUpdated};
use ecotrack_events::{Envelope, Event};
use sqlx::{PgConnection, Postgres, Transaction};
use uuid::Uuid;

use crate::abandonment::abandon;
use crate::domain::channel::Channel;
use crate::domain::draft::{self, Draft};
use crate::domain::notification::{Notification, USER_DELETED};
use crate::metrics::NotificationMetrics;
use crate::store::{self, NewNotification, Recipient};

/// Handles `user-events`, `order-events` and `payment-events`.
pub(crate) struct News {
    pub(crate) outbox: Outbox,
    pub(crate) metrics: NotificationMetrics,
}

impl Handler for News {
    /// Notifications that were abandoned.
    type Effect = Vec<Notification>;

    async fn handle(
        &self,
        tx: &mut Transaction<'static, Postgres>,
        event: &Envelope,
    ) -> Result<Vec<Notification>, HandlerError> {
        let mut abandoned = Vec::new();
        if let Event::UserRegistered(user) = &event.event {
            register(tx, user).await?;
        } else if let Event::UserUpdated(user) = &event.event {
            update(tx, event.id, user).await?;
        } else if let Event::UserDeleted(user) = &event.event {
            abandoned = self.erase(tx, user).await?;
        }
        if let Some(draft) = draft::for_event(&event.event) {
            tell(tx, event.id, &draft, None).await?;
        }
        Ok(abandoned)
    }

    fn committed(&self, abandoned: Vec<Vec<Notification>>) {
        for notification in abandoned.iter().flatten() {
            self.metrics.reached(notification);
        }
        self.outbox.wake();
    }
}

impl News {
    /// What is not sent yet will not be; what was written for the user is gone.
    async fn erase(
        &self,
        tx: &mut PgConnection,
        user: &UserDeleted,
    ) -> sqlx::Result<Vec<Notification>> {
        store::lock_user(tx, user.user_id).await?;
        let mut pending = store::lock_pending_of(tx, user.user_id).await?;
        abandon(tx, &self.outbox, &mut pending, USER_DELETED).await?;
        store::forget_user(tx, user.user_id, user.deleted_at).await?;
        Ok(pending)
    }
}

async fn register(tx: &mut PgConnection, user: &UserRegistered) -> sqlx::Result<()> {
    store::hold_user(tx, user.user_id).await?;
    let recipient = Recipient { email: user.email.clone(), first_name: user.first_name.clone() };
    store::put_recipient(tx, user.user_id, &recipient, user.registered_at).await?;
    store::wake_pending_of(tx, user.user_id).await
}

/// A changed address is told to the old one: whoever changed it may not be its owner.
async fn update(tx: &mut PgConnection, event_id: Uuid, user: &UserUpdated) -> sqlx::Result<()> {
    store::hold_user(tx, user.user_id).await?;
    let before = store::find_recipient(tx, user.user_id).await?;
    let now = Recipient { email: user.email.clone(), first_name: user.first_name.clone() };
    if !store::put_recipient(tx, user.user_id, &now, user.updated_at).await? {
        return Ok(());
    }
    store::wake_pending_of(tx, user.user_id).await?;
    match before.filter(|before| before.email != now.email) {
        Some(before) => {
            tell(tx, event_id, &draft::email_changed(user.user_id), Some(&before.email)).await
        }
        None => Ok(()),
    }
}

/// Writes a notification for each channel on which the user wants to be told.
async fn tell(
    tx: &mut PgConnection,
    event_id: Uuid,
    draft: &Draft,
    old_address: Option<&str>,
) -> sqlx::Result<()> {
    store::hold_user(tx, draft.user_id).await?;
    if store::is_erased(tx, draft.user_id).await? {
        return Ok(());
    }
    let (preferences, context) =
        (store::find_preferences(tx, draft.user_id).await?, propagation::outgoing());
    for channel in preferences.channels(draft.template.category()) {
        let address = old_address.filter(|_| channel == Channel::Email);
        let new = NewNotification { event_id, draft, channel, address, context: &context };
        store::insert(tx, &new).await?;
    }
    Ok(())
}
