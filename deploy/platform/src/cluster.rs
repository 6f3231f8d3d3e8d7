//! One cluster, reached through kubectl and helm by a context that is always named.

use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::command::{Call, CommandError};
use crate::error::{Doing as _, InstallError};
use crate::manifest::{Object, parse_answer, to_list};

/// How often an API server is asked that does not answer. kubectl waits 32 s for it each time.
const APPLY_TRIES: u32 = 4;
const BEFORE_NEXT_TRY: Duration = Duration::from_secs(2);

/// A cluster and the programs that talk to it.
#[derive(Debug, Clone)]
pub struct Cluster {
    context: String,
    kubeconfig: Option<PathBuf>,
    kubectl: PathBuf,
    helm: PathBuf,
}

impl Cluster {
    /// The cluster of a context, in the given kubeconfig or in kubectl's own.
    #[must_use]
    pub fn new(
        context: impl Into<String>,
        kubeconfig: Option<PathBuf>,
        kubectl: PathBuf,
        helm: PathBuf,
    ) -> Self {
        Self { context: context.into(), kubeconfig, kubectl, helm }
    }

    /// Name of the context.
    #[must_use]
    pub fn context(&self) -> &str {
        &self.context
    }

    /// Path of helm.
    pub(crate) fn helm_path(&self) -> &Path {
        &self.helm
    }

    /// Path of kubectl.
    pub(crate) fn kubectl_path(&self) -> &Path {
        &self.kubectl
    }

    /// A call of kubectl on this cluster.
    pub(crate) fn kubectl(&self) -> Call {
        let call = Call::new(&self.kubectl).args(["--context", &self.context]);
        self.kubeconfig.iter().fold(call, |call, path| call.arg("--kubeconfig").arg(path))
    }

    /// A call of helm on this cluster.
    pub(crate) fn helm(&self) -> Call {
        let call = Call::new(&self.helm).args(["--kube-context", &self.context]);
        self.kubeconfig.iter().fold(call, |call, path| call.arg("--kubeconfig").arg(path))
    }

    /// A command line for the user, on this cluster.
    pub(crate) fn hint(&self, rest: &str) -> String {
        let config =
            self.kubeconfig.as_ref().map(|path| format!("--kubeconfig {} ", path.display()));
        format!("kubectl {}--context {} {rest}", config.unwrap_or_default(), self.context)
    }

    /// Applies objects server-side. Each owner gives up what it no longer names, and takes what it names. An API server that is too
    /// busy to answer, as one is that just learnt hundreds of definitions on a machine that compiles, is asked again.
    pub(crate) async fn apply(&self, owner: &str, objects: &[Object]) -> Result<(), CommandError> {
        let mut tries_left = APPLY_TRIES;
        loop {
            tries_left -= 1;
            match self.apply_once(owner, objects).await {
                Err(error) if error.is_passing() && tries_left > 0 => {
                    tokio::time::sleep(BEFORE_NEXT_TRY).await;
                }
                done => return done,
            }
        }
    }

    async fn apply_once(&self, owner: &str, objects: &[Object]) -> Result<(), CommandError> {
        let manager = format!("ecotrack-platform-{owner}");
        let call = self.kubectl().args([
            "apply",
            "--server-side",
            "--force-conflicts",
            "--field-manager",
            &manager,
            "-f",
            "-",
        ]);
        call.input(to_list(objects)).run().await.map(drop)
    }

    /// Deletes objects and waits until they are gone; those that do not exist are gone already.
    pub(crate) async fn delete(&self, objects: &[Object]) -> Result<(), CommandError> {
        if objects.is_empty() {
            return Ok(());
        }
        let call = self.kubectl().args(["delete", "--ignore-not-found", "--wait=true", "-f", "-"]);
        call.input(to_list(objects)).run().await.map(drop)
    }

    /// The live counterparts of objects; those that do not exist are left out.
    pub(crate) async fn fetch(&self, objects: &[Object]) -> Result<Vec<Object>, InstallError> {
        if objects.is_empty() {
            return Ok(Vec::new());
        }
        let answer = self.look_up(objects, "json").await?;
        parse_answer("what kubectl says of the applied objects", &answer)
    }

    /// Whether every object exists, in whatever state.
    pub(crate) async fn all_exist(&self, objects: &[Object]) -> Result<bool, InstallError> {
        Ok(self.look_up(objects, "name").await?.lines().count() == objects.len())
    }

    /// Those of the objects that do not exist.
    pub(crate) async fn missing(&self, objects: &[Object]) -> Result<Vec<Object>, InstallError> {
        if objects.is_empty() || self.all_exist(objects).await? {
            return Ok(Vec::new());
        }
        let live = self.fetch(objects).await?;
        let is_gone = |object: &&Object| !live.iter().any(|found| object.is(found));
        Ok(objects.iter().filter(is_gone).cloned().collect())
    }

    /// kubectl needs no more than names, and definitions are large.
    async fn look_up(&self, objects: &[Object], format: &str) -> Result<String, InstallError> {
        let identities: Vec<Object> = objects.iter().map(Object::identity).collect();
        let call = self.kubectl().args(["get", "--ignore-not-found", "-o", format, "-f", "-"]);
        call.input(to_list(&identities)).run().await.doing("reading back what was applied")
    }

    /// Objects by kubectl's own arguments after `get`.
    pub(crate) async fn get(&self, arguments: &[&str]) -> Result<Vec<Object>, InstallError> {
        let call =
            self.kubectl().arg("get").args(arguments).args(["--ignore-not-found", "-o", "json"]);
        let answer = call.run().await.doing(format!("reading {}", arguments.join(" ")))?;
        parse_answer(&format!("kubectl get {}", arguments.join(" ")), &answer)
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    /// A cluster whose kubectl says `said` and fails at its first call, and counts its calls in `calls` of the folder.
    fn cluster(folder: &Path, said: &str) -> Cluster {
        let kubectl = folder.join("kubectl");
        let calls = folder.join("calls").display().to_string();
        let script = format!(
            "#!/bin/sh\ncat > /dev/null\necho call >> '{calls}'\n[ $(wc -l < '{calls}') -gt 1 ] || {{ echo '{said}' >&2; exit 1; }}\n"
        );
        std::fs::write(&kubectl, script).unwrap();
        std::fs::set_permissions(&kubectl, PermissionsExt::from_mode(0o755)).unwrap();
        Cluster::new("test", None, kubectl, PathBuf::from("helm"))
    }

    fn calls(folder: &Path) -> usize {
        std::fs::read_to_string(folder.join("calls")).unwrap().lines().count()
    }

    #[tokio::test]
    async fn an_api_server_that_was_too_busy_once_is_asked_again() {
        let folder = tempfile::tempdir().unwrap();
        let said = "net/http: request canceled (Client.Timeout or context cancellation)";
        cluster(folder.path(), said).apply("test", &[]).await.unwrap();
        assert_eq!(calls(folder.path()), 2);
    }

    #[tokio::test]
    async fn what_the_api_server_refuses_is_not_asked_for_again() {
        let folder = tempfile::tempdir().unwrap();
        let refused = cluster(folder.path(), "unknown field spec.contaners");
        assert!(refused.apply("test", &[]).await.is_err());
        assert_eq!(calls(folder.path()), 1);
    }
}
