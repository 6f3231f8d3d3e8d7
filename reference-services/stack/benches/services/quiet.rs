//! Waiting until what was asked for has had all its consequences: they must not run into what is measured next.

use std::time::Duration;

use anyhow::ensure;
use ecotrack_stack::{Stack, patience::eventually};
use tokio::sync::Mutex;

const DEADLINE: Duration = Duration::from_mins(2);
/// Events and messages that are due: asked often, so it must cost little.
const DUE: &str = "select (select count(*) from order_service.outbox where sent_at is null)
    + (select count(*) from user_service.outbox where sent_at is null)
    + (select count(*) from payment_service.outbox where sent_at is null)
    + (select count(*) from notification_service.outbox where sent_at is null)
    + (select count(*) from notification_service.notifications where next_attempt_at <= now())";
/// Events of orders that a consumer has not handled yet.
const UNHANDLED: &str = "select count(*) from order_service.outbox as sent
    where not exists (select from notification_service.inbox where event_id = sent.event_id)
       or not exists (select from product_service.inbox where event_id = sent.event_id)";

pub(crate) async fn await_quiet(stack: &Stack) -> anyhow::Result<()> {
    let connection = Mutex::new(stack.postgres().connect("ecotrack").await?);
    for statement in [DUE, UNHANDLED, DUE] {
        eventually(DEADLINE, || async {
            let mut connection = connection.lock().await;
            let left: i64 = sqlx::query_scalar(statement).fetch_one(&mut *connection).await?;
            ensure!(left == 0, "{left} events or messages are on their way");
            Ok(())
        })
        .await?;
    }
    Ok(())
}
