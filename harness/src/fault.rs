//! Faults and sabotages: each has a life that ends outside the harness, is proven armed, and proven gone.
//!
//! Before anything is changed, a pod in the cluster holds the requests that take the change back and the rights to
//! send them; it sends them when the life is over, whatever has become of the harness.

mod alert_to_null;
mod change;
mod expiry;
mod limit_lifted;
mod permissive_mtls;
mod reports_refused;
mod role_left_alive;
mod service_gone;
mod trace_dropped;

use std::sync::Arc;

use anyhow::Context;
use async_trait::async_trait;

pub use change::{Grant, Plan};
pub use conformance_probe::change::Change;
pub use expiry::revert_all;
pub use service_gone::ServiceGone;

use crate::eventually::{Observed, converge};
use crate::suite::Suite;

/// One knob turned the wrong way.
#[async_trait]
pub trait Sabotage: Send + Sync {
    /// Its name in `controls.yaml`.
    fn name(&self) -> &'static str;

    /// What it changes, read off the cluster as it is now.
    async fn plan(&self, suite: &Suite) -> anyhow::Result<Plan>;

    /// Asks somebody other than the changed object whether the change is in force; answers with the proof.
    async fn armed(&self, suite: &Suite) -> Observed<String>;

    /// Asks the same whether everything is as before; answers with the proof.
    async fn gone(&self, suite: &Suite) -> Observed<String>;
}

/// Every sabotage there is.
#[must_use]
pub fn all() -> Vec<Arc<dyn Sabotage>> {
    vec![
        Arc::new(permissive_mtls::PermissiveMtls),
        Arc::new(trace_dropped::TraceDropped),
        Arc::new(alert_to_null::AlertToNull),
        Arc::new(role_left_alive::RoleLeftAlive),
        Arc::new(reports_refused::ReportsRefused),
        Arc::new(limit_lifted::LimitLifted),
    ]
}

/// A change in force, and what ends it.
pub struct Armed(expiry::Expiry);

/// Starts the clock, makes the change, and waits until it is proven to be in force, and to stay so: a connection from before the
/// change may still be served by what was there.
pub async fn arm(suite: &Suite, sabotage: &dyn Sabotage) -> anyhow::Result<(Armed, String)> {
    let plan = sabotage
        .plan(suite)
        .await
        .with_context(|| format!("preparing the sabotage {}", sabotage.name()))?;
    let expiry = expiry::Expiry::begin(suite, sabotage.name(), &plan)
        .await
        .context("starting what ends the sabotage by itself")?;
    match prove_armed(suite, sabotage, &expiry).await {
        Ok(proof) => Ok((Armed(expiry), proof)),
        Err(error) => match disarm(suite, sabotage, Armed(expiry)).await {
            Ok(_gone) => Err(error),
            Err(also) => Err(error.context(format!("taking it back failed too ({also:#})"))),
        },
    }
}

async fn prove_armed(
    suite: &Suite,
    sabotage: &dyn Sabotage,
    expiry: &expiry::Expiry,
) -> anyhow::Result<String> {
    expiry.make(suite.cluster()).await?;
    let (what, timeouts) =
        (format!("the sabotage {} to be in force", sabotage.name()), suite.timeouts());
    let armed = || sabotage.armed(suite);
    Ok(converge(&what, timeouts.fault_armed, timeouts.settled, armed).await?)
}

/// Takes the change back, waits until it is proven to be gone and to stay so, and stops the clock.
pub async fn disarm(
    suite: &Suite,
    sabotage: &dyn Sabotage,
    armed: Armed,
) -> anyhow::Result<String> {
    armed.0.revert(suite.cluster()).await?;
    let (what, timeouts) =
        (format!("the sabotage {} to be gone", sabotage.name()), suite.timeouts());
    let gone = || sabotage.gone(suite);
    let proof = converge(&what, timeouts.fault_gone, timeouts.settled, gone).await?;
    armed.0.end(suite.cluster()).await?;
    Ok(proof)
}
