//! Stock that was asked for and got no order is given back, also when the one who asked died.

use std::time::Duration;

use anyhow::Context as _;
use ecotrack_chassis::workers::Progress;
use uuid::Uuid;

use super::Orders;
use crate::store::intents;

/// When giving back is tried again.
const RETRY_AFTER: Duration = Duration::from_secs(15);

impl Orders {
    /// Gives back what one attempt that came to nothing may hold.
    pub(crate) async fn give_back_one(&self) -> anyhow::Result<Progress> {
        let mut conn =
            self.database.acquire().await.context("no connection to look for intents")?;
        let Some(order_id) = intents::take_due(&mut conn, RETRY_AFTER).await? else {
            return Ok(Progress::Idle);
        };
        drop(conn);
        self.catalogue
            .release(order_id)
            .await
            .with_context(|| format!("stock of attempt {order_id} is not given back yet"))?;
        let mut tx = self.database.begin().await?;
        intents::end(&mut tx, order_id).await?;
        tx.commit().await.context("the intent is not ended")?;
        tracing::info!(%order_id, "stock of an attempt that came to nothing is given back");
        Ok(Progress::Worked)
    }

    /// Lets go of an attempt at once. If even that fails, it is due by itself soon.
    pub(super) async fn abandon(&self, order_id: Uuid) {
        let outcome = async {
            let mut conn = self.database.acquire().await?;
            intents::abandon(&mut conn, order_id).await
        };
        if let Err(error) = outcome.await {
            tracing::warn!(%error, %order_id, "the attempt is given up when it is due");
        }
    }
}
