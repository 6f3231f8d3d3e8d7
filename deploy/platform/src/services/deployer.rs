//! Brings each release up to date, unless it is what was deployed last.

use std::collections::BTreeMap;

use futures::future::{try_join, try_join_all};

use super::release::{Release, revisions};
use super::rules::publish_runbooks;
use super::{NAMESPACE, PART, SANDBOX, ServicesOptions};
use crate::error::{Doing as _, InstallError};
use crate::fingerprint::fingerprint_of;
use crate::manifest::Object;
use crate::record::{self, Record};
use crate::source::Source;

/// The name of the alert rules in the record, where each release has its own.
const RULES: &str = "alert-rules";

/// The objects of what was kept as it was; nothing for what was deployed now.
pub(super) type Kept = Option<Vec<Object>>;

/// What is wanted, what was deployed last, and what the cluster has.
pub(super) struct Deployer<'a> {
    options: &'a ServicesOptions,
    record: Record,
    revisions: BTreeMap<String, u64>,
}

impl<'a> Deployer<'a> {
    pub(super) async fn new(options: &'a ServicesOptions) -> Result<Self, InstallError> {
        let cluster = &options.cluster;
        let record = Record::read(cluster).await?;
        if !record.is_there() {
            let applied = cluster.apply(PART, &[record::object()]).await;
            applied.doing("making the record of what is deployed")?;
        }
        let (mut revisions, outside) =
            try_join(revisions(cluster, NAMESPACE), revisions(cluster, SANDBOX.1)).await?;
        revisions.extend(outside);
        Ok(Self { options, record, revisions })
    }

    /// Deploys what changed, in order.
    pub(super) async fn deploy(&self) -> Result<Vec<Kept>, InstallError> {
        let mut outcomes = vec![self.bring_up_to_date(self.options.mesh()).await?];
        let services = self.options.services().map(|release| self.bring_up_to_date(release));
        outcomes.extend(try_join_all(services).await?);
        outcomes.push(self.bring_up_to_date(self.options.secrets()).await?);
        outcomes.push(self.apply_rules().await?);
        Ok(outcomes)
    }

    async fn bring_up_to_date(&self, release: Release<'_>) -> Result<Kept, InstallError> {
        let fingerprint = release.fingerprint()?;
        let live = self.revisions.get(release.name).copied();
        if let Some(live) = live
            && let Some(kept) = self.kept(release.name, &stamp(live, &fingerprint))
        {
            return Ok(Some(kept));
        }
        let reason = reason(self.options.anew, live, self.record.fingerprint(release.name));
        self.options.tell(format!("deploys {}: {reason}", release.name));
        let deployed = release.upgrade(&self.options.cluster).await?;
        let stamp = stamp(deployed.revision, &fingerprint);
        record::note(&self.options.cluster, release.name, &stamp, &deployed.objects).await?;
        Ok(None)
    }

    async fn apply_rules(&self) -> Result<Kept, InstallError> {
        let options = self.options;
        let folder = options.repository.join("alerts/rules");
        let address = options.runbooks.as_deref();
        let fingerprint = fingerprint_of(&[folder.as_path()], address.unwrap_or_default())?;
        if let Some(kept) = self.kept(RULES, &fingerprint) {
            return Ok(Some(kept));
        }
        let rules = Source::Kustomization(folder);
        let mut rules = rules.render(&options.cluster, &options.repository).await?;
        if let Some(address) = address {
            publish_runbooks(&mut rules, address);
        }
        options.cluster.apply("alerts", &rules).await.doing("applying the alert rules")?;
        record::note(&options.cluster, RULES, &fingerprint, &rules).await?;
        Ok(None)
    }

    /// The objects that were deployed as exactly this, unless all are to be deployed anew.
    fn kept(&self, name: &str, stamp: &str) -> Kept {
        if self.options.anew { None } else { self.record.objects(name, stamp) }
    }
}

/// A revision counts as ours only if it is the one we deployed.
fn stamp(revision: u64, fingerprint: &str) -> String {
    format!("{revision}:{fingerprint}")
}

/// Why a release is deployed, for whoever did not expect it.
fn reason(anew: bool, live: Option<u64>, recorded: Option<&str>) -> String {
    match (live, recorded) {
        _ if anew => "as asked".to_owned(),
        (None, _) => "it is not there".to_owned(),
        (Some(_), None) => "what is there was not deployed from here".to_owned(),
        (Some(live), Some(stamped)) if stamped.starts_with(&stamp(live, "")) => {
            "its chart, values or image changed".to_owned()
        }
        (Some(live), Some(_)) => format!("somebody else deployed revision {live}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_reason_tells_a_change_here_from_a_change_there() {
        let recorded = stamp(3, "abc");
        let of = |live, recorded| reason(false, live, recorded);
        assert_eq!(of(Some(3), Some(recorded.as_str())), "its chart, values or image changed");
        assert_eq!(of(Some(4), Some(recorded.as_str())), "somebody else deployed revision 4");
        assert_eq!(of(Some(30), Some(recorded.as_str())), "somebody else deployed revision 30");
        assert_eq!(of(None, Some(recorded.as_str())), "it is not there");
        assert_eq!(of(Some(1), None), "what is there was not deployed from here");
        assert_eq!(reason(true, Some(3), Some(recorded.as_str())), "as asked");
    }
}
