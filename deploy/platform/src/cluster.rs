//! One cluster, reached through kubectl and helm by a context that is always named.

use std::path::{Path, PathBuf};

use crate::command::{Call, CommandError};
use crate::error::{Doing as _, InstallError};
use crate::manifest::{Object, parse_answer, to_list};

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

    /// Applies objects server-side. Each owner gives up what it no longer names, and takes what it names.
    pub(crate) async fn apply(&self, owner: &str, objects: &[Object]) -> Result<(), CommandError> {
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
        call.input(to_list(objects)).run_patiently().await.map(drop)
    }

    /// Deletes objects and waits until they are gone; those that do not exist are gone already.
    pub(crate) async fn delete(&self, objects: &[Object]) -> Result<(), CommandError> {
        if objects.is_empty() {
            return Ok(());
        }
        let call = self.kubectl().args(["delete", "--ignore-not-found", "--wait=true", "-f", "-"]);
        call.input(to_list(objects)).run_patiently().await.map(drop)
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
        call.input(to_list(&identities))
            .run_patiently()
            .await
            .doing("reading back what was applied")
    }

    /// Objects by kubectl's own arguments after `get`.
    pub(crate) async fn get(&self, arguments: &[&str]) -> Result<Vec<Object>, InstallError> {
        let call =
            self.kubectl().arg("get").args(arguments).args(["--ignore-not-found", "-o", "json"]);
        let answer =
            call.run_patiently().await.doing(format!("reading {}", arguments.join(" ")))?;
        parse_answer(&format!("kubectl get {}", arguments.join(" ")), &answer)
    }
}
