//! Notifications that end before they are sent: their user left, or does not want them any more.

use ecotrack_chassis::outbox::Outbox;
use ecotrack_chassis::postgres;
use sqlx::PgConnection;

use crate::domain::notification::Notification;
use crate::store;

/// Ends notifications that their transaction keeps from others, each with its event; what was written for them is gone.
pub(crate) async fn abandon(
    tx: &mut PgConnection,
    outbox: &Outbox,
    pending: &mut [Notification],
    reason: &str,
) -> sqlx::Result<()> {
    for notification in pending {
        let was = notification.stand();
        notification.abandon(reason, postgres::now());
        store::update(tx, notification, was, None).await?;
        store::drop_message(tx, notification.id).await?;
        if let Some(event) = notification.event() {
            outbox.append(tx, event).await?;
        }
    }
    Ok(())
}
