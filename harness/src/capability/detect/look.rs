//! One look at the cluster: a workload, an interface, a group of kinds.

use std::fmt;

use http::Request;
use k8s_openapi::api::apps::v1::{DaemonSet, Deployment, StatefulSet};
use k8s_openapi::api::core::v1::{PodSpec, Service};
use k8s_openapi::api::discovery::v1::EndpointSlice;
use kube::api::ListParams;
use kube::{Api, ResourceExt};
use serde_json::Value;

use crate::cluster::{Cluster, Interface, is_ready};
use crate::eventually::within;

/// What was seen.
pub(super) struct Seen {
    pub(super) version: Option<String>,
    pub(super) proof: String,
}

/// Why a look did not succeed.
#[derive(Debug)]
pub(super) enum Missed {
    /// What was looked for is not there.
    Absent(String),
    /// It is there and does not work, or could not be asked.
    Broken(String),
}

impl Missed {
    /// The same, with what was looked at before it.
    fn within(self, what: &impl fmt::Display) -> Self {
        match self {
            Self::Absent(proof) => Self::Absent(format!("{what}: {proof}")),
            Self::Broken(proof) => Self::Broken(format!("{what}: {proof}")),
        }
    }
}

impl<E: Into<anyhow::Error>> From<E> for Missed {
    fn from(error: E) -> Self {
        Self::Broken(format!("{:#}", error.into()))
    }
}

/// The kinds of workload that are looked at by name.
#[derive(Debug, Clone, Copy)]
pub(super) enum Kind {
    Deployment,
    StatefulSet,
}

/// An interface behind the API server's proxy for Services.
#[derive(Debug, Clone)]
pub(super) struct Http {
    at: Interface,
    has_tls: bool,
    path: &'static str,
    version: &'static str,
}

/// One look.
#[derive(Debug, Clone)]
pub(super) enum Look {
    /// A workload with every replica ready; its version is its image's tag.
    Ready(Kind, String, String),
    /// An interface that answers; its version is at a JSON pointer of the answer.
    Answers(Http),
    /// An interface that does not answer to a question: a pod of its Service is ready.
    Serves(Interface),
    /// The first interface, or else the second.
    Either(Http, Http),
    /// A group of kinds that the API server serves.
    Group(&'static str),
    /// A path of the API server that answers.
    Path(&'static str),
    /// A daemon set of one of these names, in any namespace, ready on every node.
    AnyDaemonSet(&'static [&'static str]),
}

impl Http {
    /// An interface, a path that answers without a login, and where in the answer its version is.
    pub(super) fn at(at: &Interface, path: &'static str, version: &'static str) -> Self {
        Self { at: at.clone(), has_tls: false, path, version }
    }

    pub(super) fn with_tls(self) -> Self {
        Self { has_tls: true, ..self }
    }

    async fn take(&self, cluster: &Cluster) -> Result<Seen, Missed> {
        let Interface { namespace, service, port } = &self.at;
        let services = Api::<Service>::namespaced(cluster.client(), namespace);
        if services.get_opt(service).await?.is_none() {
            return Err(Missed::Absent(format!("{self}: there is no such service")));
        }
        let scheme = if self.has_tls { "https:" } else { "" };
        let url = format!(
            "/api/v1/namespaces/{namespace}/services/{scheme}{service}:{port}/proxy{}",
            self.path
        );
        let answer: Value = get(cluster, &url).await.map_err(|error| error.within(self))?;
        let said = answer
            .pointer(self.version)
            .and_then(Value::as_str)
            .filter(|_| !self.version.is_empty());
        match said {
            Some(version) => Ok(Seen {
                proof: format!("{self} answered with version {version}"),
                version: Some(version.to_owned()),
            }),
            None => Ok(Seen {
                proof: format!("{self} answered"),
                version: self.image_version(cluster).await,
            }),
        }
    }

    /// An interface that does not say its version: that of the Deployment of the same name, if there is one.
    async fn image_version(&self, cluster: &Cluster) -> Option<String> {
        workload(cluster, Kind::Deployment, &self.at.namespace, &self.at.service)
            .await
            .ok()?
            .version
    }
}

impl fmt::Display for Http {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "GET {} of service {}", self.path, self.at)
    }
}

impl Look {
    pub(super) fn ready(kind: Kind, namespace: &str, name: &str) -> Self {
        Self::Ready(kind, namespace.to_owned(), name.to_owned())
    }

    pub(super) fn group(name: &'static str) -> Self {
        Self::Group(name)
    }

    pub(super) fn api(path: &'static str) -> Self {
        Self::Path(path)
    }

    /// What was seen, or why it was not.
    pub(super) async fn take(&self, cluster: &Cluster) -> Result<Seen, Missed> {
        let patience = cluster.timeouts().request;
        let silent = || Missed::Broken(format!("{self} did not answer within {patience:?}"));
        within(patience, self.ask(cluster)).await.unwrap_or_else(|| Err(silent()))
    }

    async fn ask(&self, cluster: &Cluster) -> Result<Seen, Missed> {
        match self {
            Self::Ready(kind, namespace, name) => workload(cluster, *kind, namespace, name)
                .await
                .map_err(|missed| missed.within(self)),
            Self::Answers(http) => http.take(cluster).await,
            Self::Serves(at) => serves(cluster, at).await.map_err(|missed| missed.within(self)),
            Self::Either(first, second) => either(cluster, first, second).await,
            Self::Group(name) => group(cluster, name).await,
            Self::Path(path) => {
                get(cluster, path).await.map_err(|missed| missed.within(self))?;
                Ok(Seen {
                    version: path.split('/').nth(3).map(str::to_owned),
                    proof: format!("{self} answered"),
                })
            }
            Self::AnyDaemonSet(names) => daemon_set(cluster, names).await,
        }
    }
}

impl fmt::Display for Look {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ready(Kind::Deployment, namespace, name) => {
                write!(formatter, "deployment {namespace}/{name}")
            }
            Self::Ready(Kind::StatefulSet, namespace, name) => {
                write!(formatter, "statefulset {namespace}/{name}")
            }
            Self::Answers(http) => http.fmt(formatter),
            Self::Serves(at) => write!(formatter, "service {at}"),
            Self::Either(first, second) => write!(formatter, "{first} or {second}"),
            Self::Group(name) => write!(formatter, "the group {name}"),
            Self::Path(path) => write!(formatter, "GET {path} of the API server"),
            Self::AnyDaemonSet(names) => {
                write!(formatter, "a daemon set called {}", names.join(" or "))
            }
        }
    }
}

async fn get(cluster: &Cluster, path: &str) -> Result<Value, Missed> {
    let request = Request::get(path).body(Vec::new())?;
    match cluster.client().request(request).await {
        Ok(answer) => Ok(answer),
        Err(kube::Error::Api(status)) => {
            let said = if status.message.is_empty() {
                status.code.to_string()
            } else {
                status.message.clone()
            };
            Err(if status.code == 404 { Missed::Absent(said) } else { Missed::Broken(said) })
        }
        Err(error) => Err(error.into()),
    }
}

async fn workload(
    cluster: &Cluster,
    kind: Kind,
    namespace: &str,
    name: &str,
) -> Result<Seen, Missed> {
    let not_found = || Missed::Absent("not found".to_owned());
    let (wanted, ready, pod) = match kind {
        Kind::Deployment => {
            let all = Api::<Deployment>::namespaced(cluster.client(), namespace);
            let found = all.get_opt(name).await?.ok_or_else(not_found)?;
            let ready = found.status.and_then(|status| status.ready_replicas);
            (found.spec.replicas, ready, found.spec.template.spec)
        }
        Kind::StatefulSet => {
            let all = Api::<StatefulSet>::namespaced(cluster.client(), namespace);
            let found = all.get_opt(name).await?.ok_or_else(not_found)?;
            let ready = found.status.and_then(|status| status.ready_replicas);
            (found.spec.replicas, ready, found.spec.template.spec)
        }
    };
    let (wanted, ready) = (wanted.unwrap_or(1), ready.unwrap_or(0));
    let counted = format!("{ready} of {wanted} ready");
    if wanted == 0 || ready < wanted {
        return Err(Missed::Broken(counted));
    }
    let image = pod.as_ref().and_then(first_image).unwrap_or_default();
    let what = Look::ready(kind, namespace, name);
    Ok(Seen { version: tag(&image), proof: format!("{what}: {counted}, image {image}") })
}

fn first_image(pod: &PodSpec) -> Option<String> {
    pod.containers.first()?.image.clone()
}

/// The tag of an image reference, without the `v` that some versions begin with.
fn tag(image: &str) -> Option<String> {
    let (_, tag) =
        image.split('@').next()?.rsplit_once(':').filter(|(_, tag)| !tag.contains('/'))?;
    Some(
        tag.strip_prefix('v')
            .filter(|rest| rest.starts_with(|first: char| first.is_ascii_digit()))
            .unwrap_or(tag)
            .to_owned(),
    )
}

/// A Service with a pod behind it that is ready.
async fn serves(cluster: &Cluster, at: &Interface) -> Result<Seen, Missed> {
    let services = Api::<Service>::namespaced(cluster.client(), &at.namespace);
    if services.get_opt(&at.service).await?.is_none() {
        return Err(Missed::Absent("there is no such service".to_owned()));
    }
    let slices = Api::<EndpointSlice>::namespaced(cluster.client(), &at.namespace);
    let of_service =
        ListParams::default().labels(&format!("kubernetes.io/service-name={}", at.service));
    let found = slices.list(&of_service).await?;
    let ready = found
        .iter()
        .flat_map(|slice| slice.endpoints.iter().flatten())
        .filter(|endpoint| is_ready(endpoint))
        .count();
    if ready == 0 {
        return Err(Missed::Broken("none of its pods is ready".to_owned()));
    }
    Ok(Seen { version: None, proof: format!("service {at}: {ready} ready") })
}

/// Whichever answers; one that is there and silent is broken, whatever the other is.
async fn either(cluster: &Cluster, first: &Http, second: &Http) -> Result<Seen, Missed> {
    let one = match first.take(cluster).await {
        Ok(seen) => return Ok(seen),
        Err(missed) => missed,
    };
    match (one, second.take(cluster).await) {
        (_, Ok(seen)) => Ok(seen),
        (Missed::Absent(one), Err(Missed::Absent(other))) => {
            Err(Missed::Absent(format!("{one}; {other}")))
        }
        (Missed::Broken(one), _) | (_, Err(Missed::Broken(one))) => Err(Missed::Broken(one)),
    }
}

async fn group(cluster: &Cluster, name: &str) -> Result<Seen, Missed> {
    let groups = cluster.client().list_api_groups().await?;
    let unknown = || Missed::Absent(format!("the API server serves no group {name}"));
    let found = groups.groups.iter().find(|group| group.name == name).ok_or_else(unknown)?;
    let versions: Vec<&str> =
        found.versions.iter().map(|version| version.version.as_str()).collect();
    Ok(Seen { version: None, proof: format!("group {name} served in {}", versions.join(", ")) })
}

async fn daemon_set(cluster: &Cluster, names: &[&str]) -> Result<Seen, Missed> {
    let all: Api<DaemonSet> = Api::all(cluster.client());
    let found = all.list(&ListParams::default()).await?;
    let present: Vec<String> = found.iter().map(ResourceExt::name_any).collect();
    let Some(daemon) = found.iter().find(|daemon| names.contains(&daemon.name_any().as_str()))
    else {
        return Err(Missed::Absent(format!(
            "no daemon set called {} in any namespace; there is {}",
            names.join(" or "),
            if present.is_empty() { "none at all".to_owned() } else { present.join(", ") }
        )));
    };
    let (nodes, serving) = daemon
        .status
        .as_ref()
        .map_or((0, 0), |status| (status.desired_number_scheduled, status.number_ready));
    let counted = format!(
        "daemon set {}/{}: {serving} of {nodes} nodes",
        daemon.namespace().unwrap_or_default(),
        daemon.name_any()
    );
    if nodes == 0 || serving < nodes {
        return Err(Missed::Broken(counted));
    }
    let image = daemon.spec.template.spec.as_ref().and_then(first_image).unwrap_or_default();
    Ok(Seen { version: tag(&image), proof: format!("{counted}, image {image}") })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_read_off_an_image() {
        let cases = [
            ("docker.io/istio/pilot:1.31.1", Some("1.31.1")),
            ("docker.io/ecotrack/user-service:v1.2.0", Some("1.2.0")),
            ("docker.io/x/y:v1.2.0@sha256:abc", Some("1.2.0")),
            ("localhost:5000/x/y", None),
            ("docker.io/x/y:vault", Some("vault")),
            ("docker.io/x/y", None),
        ];
        for (image, version) in cases {
            assert_eq!(tag(image).as_deref(), version, "{image}");
        }
    }
}
