//! One program run inside a pod, to its end.

use std::fmt;

use k8s_openapi::api::core::v1::Pod;
use kube::Api;
use kube::api::AttachParams;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::{Cluster, ClusterError};
use crate::eventually::within;

/// A container of a pod.
#[derive(Debug, Clone)]
pub struct PodRef {
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// The container; the pod's default one when absent.
    pub container: Option<String>,
}

impl PodRef {
    /// The default container of a pod.
    pub fn new(namespace: impl Into<String>, name: impl Into<String>) -> Self {
        Self { namespace: namespace.into(), name: name.into(), container: None }
    }

    /// The same pod, a named container.
    #[must_use]
    pub fn container(mut self, name: impl Into<String>) -> Self {
        self.container = Some(name.into());
        self
    }
}

impl fmt::Display for PodRef {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}/{}", self.namespace, self.name)
    }
}

/// What a program left behind.
#[derive(Debug, Clone)]
pub struct Executed {
    /// Its exit code.
    pub code: i32,
    /// Standard output as text.
    pub stdout: String,
    /// Standard error as text.
    pub stderr: String,
}

/// Runs `command` in a pod, feeds it `stdin`, and waits for its end inside `Timeouts::exec`.
///
/// An exit code other than zero is an answer, not an error.
pub async fn exec(
    cluster: &Cluster,
    pod: &PodRef,
    command: &[&str],
    stdin: Option<&[u8]>,
) -> Result<Executed, ClusterError> {
    let failed = |cause: String| ClusterError::Exec {
        command: command.join(" "),
        pod: pod.to_string(),
        cause,
    };
    let running = run(cluster, pod, command, stdin);
    match within(cluster.timeouts().exec, running).await {
        Some(Ok(executed)) => Ok(executed),
        Some(Err(error)) => Err(failed(format!("{error:#}"))),
        None => Err(failed(format!("no end within {:?}", cluster.timeouts().exec))),
    }
}

async fn run(
    cluster: &Cluster,
    pod: &PodRef,
    command: &[&str],
    stdin: Option<&[u8]>,
) -> anyhow::Result<Executed> {
    let mut parameters = AttachParams::default().stdin(stdin.is_some()).stdout(true).stderr(true);
    parameters.container.clone_from(&pod.container);
    let pods: Api<Pod> = Api::namespaced(cluster.client(), &pod.namespace);
    let mut process = pods.exec(&pod.name, command.iter().copied(), &parameters).await?;
    let (mut stdout, mut stderr) = (String::new(), String::new());
    let mut output = process.stdout().ok_or_else(|| anyhow::anyhow!("no standard output"))?;
    let mut complaints = process.stderr().ok_or_else(|| anyhow::anyhow!("no standard error"))?;
    let status = process.take_status().ok_or_else(|| anyhow::anyhow!("no status"))?;
    let input = process.stdin();
    let feeding = async {
        if let (Some(mut input), Some(bytes)) = (input, stdin) {
            input.write_all(bytes).await?;
            input.shutdown().await?;
        }
        anyhow::Ok(())
    };
    let (fed, printed, complained, ended) = tokio::join!(
        feeding,
        output.read_to_string(&mut stdout),
        complaints.read_to_string(&mut stderr),
        status
    );
    fed?;
    printed?;
    complained?;
    let ended = ended.ok_or_else(|| anyhow::anyhow!("the connection ended without a status"))?;
    Ok(Executed { code: exit_code(&ended)?, stdout, stderr })
}

/// Kubernetes reports an exit code as a cause inside a failed status.
fn exit_code(
    status: &k8s_openapi::apimachinery::pkg::apis::meta::v1::Status,
) -> anyhow::Result<i32> {
    if status.status.as_deref() == Some("Success") {
        return Ok(0);
    }
    let causes = status.details.iter().flat_map(|details| details.causes.iter().flatten());
    let code = causes
        .filter(|cause| cause.reason.as_deref() == Some("ExitCode"))
        .find_map(|cause| cause.message.as_deref());
    match code {
        Some(text) => Ok(text.parse()?),
        None => anyhow::bail!(
            "{}",
            status.message.clone().unwrap_or_else(|| "it failed without a message".to_owned())
        ),
    }
}
