//! What notification-service does with events of others: it learns where users can be reached, and writes down whom to tell.

use ecotrack_chassis::inbox::{Handler, HandlerError};
use ecotrack_chassis::telemetry::propagation;
use ecotrack_events::{Envelope, Event};
use sqlx::{Postgres, Transaction};

use crate::domain::draft;
use crate::store::{self, Recipient};

/// Handles `user-events`, `order-events` and `payment-events`.
pub(crate) struct News;

impl Handler for News {
    async fn handle(
        &self,
        tx: &mut Transaction<'static, Postgres>,
        event: &Envelope,
    ) -> Result<(), HandlerError> {
        learn(tx, &event.event).await?;
        let Some(draft) = draft::for_event(&event.event) else { return Ok(()) };
        if store::wants(tx, draft.user_id, draft.channel).await? {
            store::insert(tx, event.id, &draft, &propagation::outgoing()).await?;
        }
        Ok(())
    }
}

async fn learn(tx: &mut Transaction<'static, Postgres>, event: &Event) -> sqlx::Result<()> {
    if let Event::UserRegistered(user) = event {
        let recipient =
            Recipient { email: user.email.clone(), first_name: user.first_name.clone() };
        store::put_recipient(tx, user.user_id, &recipient, user.registered_at).await
    } else if let Event::UserUpdated(user) = event {
        let recipient =
            Recipient { email: user.email.clone(), first_name: user.first_name.clone() };
        store::put_recipient(tx, user.user_id, &recipient, user.updated_at).await
    } else if let Event::UserDeleted(user) = event {
        store::forget_recipient(tx, user.user_id).await
    } else {
        Ok(())
    }
}
