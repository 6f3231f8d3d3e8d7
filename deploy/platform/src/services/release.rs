//! A Helm release of ours: what it is made of, which revision the cluster has, and how it is brought up to date.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::cluster::Cluster;
use crate::error::{Doing as _, InstallError};
use crate::fingerprint::fingerprint_of;
use crate::image_records::ImageRecords;
use crate::manifest::{Object, malformed, parse_yaml};

/// A chart with the values for one release of it.
pub(super) struct Release<'a> {
    pub(super) name: &'a str,
    pub(super) namespace: &'a str,
    pub(super) chart: PathBuf,
    pub(super) values: Vec<PathBuf>,
    /// Makes a rebuilt image roll out under an unchanged tag.
    pub(super) digest: Option<String>,
}

/// A release as Helm left it.
pub(super) struct Deployed {
    pub(super) revision: u64,
    pub(super) objects: Vec<Object>,
}

impl Release<'_> {
    /// The digest of everything that decides what is deployed.
    pub(super) fn fingerprint(&self) -> Result<String, InstallError> {
        let paths: Vec<&Path> =
            [&self.chart].into_iter().chain(&self.values).map(PathBuf::as_path).collect();
        fingerprint_of(&paths, self.digest.as_deref().unwrap_or_default())
    }

    /// Installs or upgrades it, without waiting for its pods.
    pub(super) async fn upgrade(&self, cluster: &Cluster) -> Result<Deployed, InstallError> {
        let call = cluster.helm().args(["upgrade", "--install", self.name]).arg(&self.chart);
        let call = call.args(["-n", self.namespace, "-o", "json"]);
        let call = self.values.iter().fold(call, |call, file| call.arg("-f").arg(file));
        let call = self.digest.iter().fold(call, |call, digest| {
            call.args([
                "--set-string",
                &format!("podAnnotations.ecotrack\\.dev/image-digest={digest}"),
            ])
        });
        let answer = call.run().await.doing(format!("deploying {}", self.name))?;
        deployed(self.name, &answer)
    }
}

fn deployed(name: &str, answer: &str) -> Result<Deployed, InstallError> {
    #[derive(Deserialize)]
    struct Answer {
        version: u64,
        manifest: String,
    }
    let what = format!("what helm says of {name}");
    let answer: Answer = serde_json::from_str(answer).map_err(|error| malformed(&what, &error))?;
    Ok(Deployed { revision: answer.version, objects: parse_yaml(&what, &answer.manifest)? })
}

/// The revisions of the releases of a namespace that are deployed; one that failed or is under way is not.
pub(super) async fn revisions(
    cluster: &Cluster,
    namespace: &str,
) -> Result<BTreeMap<String, u64>, InstallError> {
    let call = cluster.helm().args(["list", "-n", namespace, "-o", "json"]);
    let answer = call.run().await.doing(format!("listing the releases of {namespace}"))?;
    listed(&answer)
}

fn listed(answer: &str) -> Result<BTreeMap<String, u64>, InstallError> {
    #[derive(Deserialize)]
    struct Line {
        name: String,
        revision: String,
        status: String,
    }
    let lines: Vec<Line> =
        serde_json::from_str(answer).map_err(|error| malformed("the list of releases", &error))?;
    let deployed = lines.into_iter().filter(|line| line.status == "deployed");
    Ok(deployed.filter_map(|line| Some((line.name, line.revision.parse().ok()?))).collect())
}

/// The digest of an imported image, if its record is there.
pub(super) fn image_digest(folder: &Path, name: &str) -> Option<String> {
    ImageRecords::read(Some(folder)).ok()?.newest_of(name).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn a_rebuilt_image_is_told_by_its_digest() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(
            folder.path().join("docker.io_ecotrack_user-service_v1.2.0.json"),
            r#"{"key":"k","digest":"sha256:abc"}"#,
        )
        .unwrap();
        assert_eq!(image_digest(folder.path(), "user-service").as_deref(), Some("sha256:abc"));
        assert_eq!(image_digest(folder.path(), "order-service"), None);
    }

    #[test]
    fn a_changed_chart_or_value_or_image_is_another_fingerprint() {
        let folder = tempfile::tempdir().unwrap();
        let [chart, values] = ["chart", "values.yaml"].map(|name| folder.path().join(name));
        fs::create_dir(&chart).unwrap();
        fs::write(chart.join("Chart.yaml"), "name: x").unwrap();
        fs::write(&values, "a: 1").unwrap();
        let of = |digest: Option<&str>| {
            let release = Release {
                name: "x",
                namespace: "y",
                chart: chart.clone(),
                values: vec![values.clone()],
                digest: digest.map(str::to_owned),
            };
            release.fingerprint().unwrap()
        };
        let first = of(None);
        assert_eq!(of(None), first);
        assert_ne!(of(Some("sha256:abc")), first);
        fs::write(&values, "a: 2").unwrap();
        let second = of(None);
        assert_ne!(second, first);
        fs::write(chart.join("Chart.yaml"), "name: z").unwrap();
        assert_ne!(of(None), second);
    }

    #[test]
    fn what_helm_deployed_is_known_by_revision_and_objects() {
        let answer = r#"{"name":"x","version":3,"manifest":"---\n# Source: a\nkind: Service\nmetadata: {name: a, namespace: b}\n"}"#;
        let deployed = deployed("x", answer).unwrap();
        let labels: Vec<String> = deployed.objects.iter().map(Object::label).collect();
        assert_eq!((deployed.revision, labels), (3, vec!["Service b/a".to_owned()]));
    }

    #[test]
    fn a_release_that_failed_is_not_deployed() {
        let answer = r#"[{"name":"a","revision":"4","status":"deployed"},{"name":"b","revision":"2","status":"failed"}]"#;
        assert_eq!(listed(answer).unwrap(), BTreeMap::from([("a".to_owned(), 4)]));
    }
}
