//! What scenarios left at the source of secrets, where no label can be: the name of the run is in the name of the secret.

use k8s_openapi::api::core::v1::Service;
use kube::Api;

use crate::cluster::Cluster;
use crate::component::openbao::OpenBao;
use crate::component::places;
use crate::run_id::RunId;

/// The folder of the key-value store that the harness may write to.
const FOLDER: &str = "ecotrack";
const PREFIX: &str = "conformance-";

/// Where a scenario of a run keeps a secret of its own.
#[must_use]
pub fn secret_path(run: &RunId, scenario: &str) -> String {
    format!("{FOLDER}/{PREFIX}{run}-{scenario}")
}

/// Whose secret it is, by its name in the folder.
fn run_of(name: &str) -> Option<RunId> {
    let (run, _scenario) = name.strip_prefix(PREFIX)?.rsplit_once('-')?;
    RunId::parse(run).ok()
}

/// The secrets that runs left, each with its path. A cluster without OpenBao has none.
pub(super) async fn find(cluster: &Cluster) -> anyhow::Result<Vec<(RunId, String)>> {
    let at = places::openbao();
    let services: Api<Service> = Api::namespaced(cluster.client(), &at.namespace);
    if services.get_opt(&at.service).await?.is_none() {
        return Ok(Vec::new());
    }
    let names = OpenBao::open(cluster).await?.list_secrets(FOLDER).await?;
    let owned = |name: String| Some((run_of(&name)?, format!("{FOLDER}/{name}")));
    Ok(names.into_iter().filter_map(owned).collect())
}

/// Removes a secret with all its versions.
pub(super) async fn delete(cluster: &Cluster, path: &str) -> anyhow::Result<()> {
    Ok(OpenBao::open(cluster).await?.delete_secret(path).await?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_tells_whose_it_is() {
        let run = RunId::generate();
        let path = secret_path(&run, "0badc0de");
        assert_eq!(run_of(path.strip_prefix("ecotrack/").unwrap()), Some(run));
    }

    #[test]
    fn a_service_s_own_secret_belongs_to_no_run() {
        for name in ["user-service", "conformance-", "conformance-0badc0de", "conformance-a-b"] {
            assert_eq!(run_of(name), None, "{name}");
        }
    }
}
