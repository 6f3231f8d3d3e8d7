//! One run at a time: two on one cluster take away each other's services, and both go red for no fault of the platform.

use anyhow::{Context, anyhow};

use super::alive::{self, Holder};
use crate::cluster::Cluster;
use crate::eventually::{Unmet, eventually};
use crate::run_id::RunId;

/// Makes sure that no earlier run is on the cluster. A run that was killed still holds its lease for a while: it is waited for, a run
/// that renews its lease is not.
///
/// # Errors
/// When an earlier run is alive; the error names it and what to do.
pub async fn alone(cluster: &Cluster, run: &RunId) -> anyhow::Result<()> {
    let earlier = before(&alive::holders(cluster).await?, run);
    let Some(first_seen) = earlier else { return Ok(()) };
    let patience = cluster.timeouts().presumed_dead + cluster.timeouts().heartbeat;
    tracing::warn!("waiting to see whether run {} is alive or was killed", first_seen.run);
    eventually("no other run on this cluster", patience, || async {
        match before(&alive::holders(cluster).await?, run) {
            None => Ok(()),
            Some(holder) if holder == first_seen => {
                Err(Unmet::not_yet(format!("run {} has not said that it ended", holder.run)))
            }
            Some(holder) => Err(Unmet::failed(anyhow!("run {} is alive", holder.run))),
        }
    })
    .await
    .with_context(|| {
        format!(
            "two runs on {} would disturb each other: wait for run {} to end, or stop it",
            cluster.context(),
            first_seen.run
        )
    })
}

/// The first of the runs that began before this one; of two that began in the same second the smaller name is the earlier.
fn before(holders: &[Holder], run: &RunId) -> Option<Holder> {
    let own = holders.iter().find(|holder| &holder.run == run);
    let first = holders.iter().min_by_key(|holder| (holder.began, &holder.run))?;
    (own != Some(first)).then(|| first.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn holder(tail: &str, began: i64) -> Holder {
        let run = RunId::parse(&format!("20261122-190512-{tail}")).unwrap();
        Holder { run, began, renewed: began * 1_000_000 }
    }

    #[test]
    fn a_run_alone_has_nobody_before_it() {
        let own = holder("000a", 10);
        assert_eq!(before(std::slice::from_ref(&own), &own.run), None);
    }

    #[test]
    fn of_two_runs_exactly_the_later_one_gives_way() {
        let (first, second) = (holder("000b", 10), holder("000a", 11));
        let both = [second.clone(), first.clone()];
        assert_eq!(before(&both, &first.run), None);
        assert_eq!(before(&both, &second.run), Some(first));
    }

    #[test]
    fn two_runs_of_one_second_agree_on_who_gives_way() {
        let (first, second) = (holder("000a", 10), holder("000b", 10));
        let both = [second.clone(), first.clone()];
        assert_eq!(before(&both, &first.run), None);
        assert_eq!(before(&both, &second.run), Some(first));
    }
}
