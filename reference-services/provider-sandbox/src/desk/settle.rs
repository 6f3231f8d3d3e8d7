//! The effect of a request: the ledger's line and the webhook that tells of it, in one transaction.

use chrono::Utc;
use ecotrack_chassis::ApiResult;
use sqlx::PgConnection;

use super::Desk;
use crate::exchange::{Answer, Call, Operation, Outcome};
use crate::fault::Concern;
use crate::store;
use crate::webhook::{Sending, Webhook};

/// A verdict, and what has gone back of the charge it is about.
struct Weighed {
    outcome: Outcome,
    answer: Answer,
    refunded_minor: i64,
}

impl Desk {
    /// The first request under a key has its effect; each later one gets the first one's answer, or is refused if it is another
    /// request. The ledger tells of all of them.
    pub(super) async fn settle(
        &self,
        call: &Call,
        operation: &impl Operation,
        verdict: (Outcome, Answer),
        reused: fn() -> Answer,
    ) -> ApiResult<Answer> {
        let mut tx = self.database.begin().await?;
        store::lock_key(&mut tx, call).await?;
        if let Some((request, first)) = store::first_answer(&mut tx, call).await? {
            let is_same = request == call.request;
            let (outcome, answer) =
                if is_same { (Outcome::Replayed, first) } else { (Outcome::Refused, reused()) };
            store::append(&mut tx, call, outcome, &answer, None).await?;
            tx.commit().await?;
            return Ok(answer);
        }
        let weighed = weigh(&mut tx, call, operation, verdict).await?;
        let Weighed { outcome, answer, refunded_minor } = weighed;
        let movement = operation.movement().filter(|_| outcome == Outcome::Accepted);
        store::append(&mut tx, call, outcome, &answer, movement.as_ref()).await?;
        if let Some(webhook) = operation.webhook(outcome, &answer, refunded_minor) {
            self.announce(&mut tx, call, &webhook).await?;
        }
        tx.commit().await?;
        Ok(answer)
    }

    async fn announce(
        &self,
        tx: &mut PgConnection,
        call: &Call,
        webhook: &Webhook,
    ) -> ApiResult<()> {
        if self.receivers.of(call.provider).is_none() {
            return Ok(());
        }
        let text = format!("{} {}", call.text(), webhook.body);
        let fault = store::meet(tx, call.provider, Concern::Webhook, &text).await?;
        let sending = Sending::plan(fault.as_ref(), Utc::now());
        if !store::enqueue(tx, call.provider, webhook, sending).await? {
            tracing::warn!(provider = %call.provider, "a webhook is not sent: too many are waiting");
        }
        Ok(())
    }
}

/// No more goes back than was taken. Refunds of one charge are weighed one after the other.
async fn weigh(
    tx: &mut PgConnection,
    call: &Call,
    operation: &impl Operation,
    (outcome, answer): (Outcome, Answer),
) -> ApiResult<Weighed> {
    let refund = operation.movement().filter(|movement| movement.parent.is_some());
    let Some((refund, parent)) =
        refund.as_ref().and_then(|refund| Some((refund, refund.parent.as_deref()?)))
    else {
        return Ok(Weighed { outcome, answer, refunded_minor: 0 });
    };
    store::lock_charge(tx, call.provider, parent).await?;
    let charge = store::find_charge(tx, call.provider, parent).await?;
    let (left, refunded) = charge.map_or((0, 0), |charge| (charge.left(), charge.refunded_minor));
    let fits = (1..=left).contains(&refund.amount_minor);
    Ok(if fits && outcome == Outcome::Accepted {
        Weighed { outcome, answer, refunded_minor: refunded + refund.amount_minor }
    } else {
        let (outcome, answer) = (Outcome::Declined, operation.declined());
        Weighed { outcome, answer, refunded_minor: refunded }
    })
}
