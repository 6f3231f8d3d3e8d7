//! Installing the parts, side by side, each only as far as it is not there already.

use std::fs;
use std::path::PathBuf;

use futures::future::try_join_all;
use tokio::time::Instant;

use crate::adjust::{LocalStorage, follow_images, follow_secrets, use_local_storage};
use crate::catalogue::part;
use crate::cluster::Cluster;
use crate::error::{Doing as _, InstallError};
use crate::fingerprint::fingerprint;
use crate::foundation::{self, Foundation};
use crate::image_records::ImageRecords;
use crate::leases::Leases;
use crate::manifest::Object;
use crate::part::{Part, PartName};
use crate::progress::{Event, Reporter};
use crate::readiness::Waiter;
use crate::record::{self, Record};

const DEFAULT_CLASS: &str = "storageclass.kubernetes.io/is-default-class";

/// Environments that there are values for.
pub const ENVIRONMENTS: [&str; 3] = ["dev", "staging", "prod"];

/// What to install, and where.
pub struct Options {
    /// The cluster.
    pub cluster: Cluster,
    /// Root of the repository with the manifests.
    pub repository: PathBuf,
    /// A folder for volumes on the one node, which is this machine. Without it the cluster's default storage class is used.
    pub local_storage: Option<PathBuf>,
    /// A folder with a record per image, where images are made anew under the same tag.
    pub image_records: Option<PathBuf>,
    /// `dev`, `staging` or `prod`: how long what OpenBao gives out lives.
    pub environment: String,
    /// Only these parts; empty means all.
    pub only: Vec<PartName>,
    /// Who is told.
    pub reporter: Reporter,
}

/// What is applied at once, and by whom.
struct Rendered {
    owner: String,
    objects: Vec<Object>,
}

struct Installer<'a> {
    options: &'a Options,
    storage: Option<LocalStorage>,
    images: ImageRecords,
    leases: Leases,
    foundation: Foundation,
    record: Record,
}

/// Installs the platform and returns when every part is ready. Can be run again at any time.
pub async fn install(options: &Options) -> Result<(), InstallError> {
    let leases = Leases::read(&options.repository, &options.environment)?;
    let storage = find_storage(options).await?;
    let began = Instant::now();
    let foundation = foundation::lay(&options.cluster).await?;
    (options.reporter)(Event::Finished {
        part: "foundation".to_owned(),
        took: began.elapsed(),
        unchanged: false,
    });
    let record = Record::read(&options.cluster).await?;
    let images = ImageRecords::read(options.image_records.as_deref())?;
    let installer = Installer { options, storage, images, leases, foundation, record };
    let names = if options.only.is_empty() { PartName::ALL.to_vec() } else { options.only.clone() };
    try_join_all(names.into_iter().map(|name| installer.install(part(name, &options.repository))))
        .await
        .map(drop)
}

impl Installer<'_> {
    async fn install(&self, part: Part) -> Result<(), InstallError> {
        let name = part.name.name();
        let began = Instant::now();
        let waiter = Waiter {
            cluster: &self.options.cluster,
            reporter: &self.options.reporter,
            part: name,
            deadline: part.deadline,
            began,
        };
        let fingerprint = fingerprint(&part, &self.options.repository, &self.around())?;
        let unchanged = self.is_unchanged(name, &fingerprint, &waiter).await?;
        if !unchanged {
            (self.options.reporter)(Event::Began { part: name.to_owned() });
            self.install_anew(&part, &fingerprint, &waiter).await?;
        }
        (self.options.reporter)(Event::Finished {
            part: name.to_owned(),
            took: began.elapsed(),
            unchanged,
        });
        Ok(())
    }

    /// Whether everything that was installed is still there; returns when it is ready.
    async fn is_unchanged(
        &self,
        name: &str,
        fingerprint: &str,
        waiter: &Waiter<'_>,
    ) -> Result<bool, InstallError> {
        let Some(objects) = self.record.objects(name, fingerprint) else { return Ok(false) };
        if !self.options.cluster.all_exist(&objects).await? {
            return Ok(false);
        }
        // A definition that exists was ready before, and reading it takes long.
        let (_definitions, others) = definitions_and_others(objects);
        waiter.until_ready(&others).await?;
        Ok(true)
    }

    async fn install_anew(
        &self,
        part: &Part,
        fingerprint: &str,
        waiter: &Waiter<'_>,
    ) -> Result<(), InstallError> {
        let stages = self.render(part).await?;
        for stage in &stages {
            self.apply(stage).await?;
            waiter.until_ready(&stage.objects).await?;
        }
        let objects: Vec<Object> = stages.into_iter().flat_map(|stage| stage.objects).collect();
        record::note(&self.options.cluster, part.name.name(), fingerprint, &objects).await
    }

    /// What the objects depend on besides their sources.
    fn around(&self) -> String {
        let storage = self.storage.as_ref().map(|storage| format!("{storage:?}"));
        let images = self.images.of_platform();
        let storage = storage.unwrap_or_default();
        format!("{}{storage}{images}{:?}", self.foundation.digest(), self.leases)
    }

    async fn render(&self, part: &Part) -> Result<Vec<Rendered>, InstallError> {
        let mut stages = Vec::new();
        for stage in &part.stages {
            let sources = stage
                .sources
                .iter()
                .map(|source| source.render(&self.options.cluster, &self.options.repository));
            let mut objects: Vec<Object> =
                try_join_all(sources).await?.into_iter().flatten().collect();
            follow_secrets(&mut objects, &self.foundation);
            follow_images(&mut objects, &self.images);
            self.leases.tell(&mut objects);
            if let Some(storage) = &self.storage {
                let (mut before, folders) = use_local_storage(&mut objects, storage);
                make_folders(&folders)?;
                before.append(&mut objects);
                objects = before;
            }
            stages.extend(in_order(&format!("{}-{}", part.name, stage.name), objects));
        }
        Ok(stages)
    }

    async fn apply(&self, stage: &Rendered) -> Result<(), InstallError> {
        self.remove_jobs(stage).await?;
        self.options
            .cluster
            .apply(&stage.owner, &stage.objects)
            .await
            .doing(format!("applying {}", stage.owner))
    }

    /// A Job cannot be changed: one that is to run again is made anew.
    async fn remove_jobs(&self, stage: &Rendered) -> Result<(), InstallError> {
        let jobs: Vec<Object> =
            stage.objects.iter().filter(|object| object.kind() == "Job").cloned().collect();
        self.options
            .cluster
            .delete(&jobs)
            .await
            .doing(format!("removing the old jobs of {}", stage.owner))
    }
}

/// A stage as it is applied: an operator that starts before its definitions are served takes them for not installed, and never looks
/// again.
fn in_order(owner: &str, objects: Vec<Object>) -> impl Iterator<Item = Rendered> {
    let (definitions, others) = definitions_and_others(objects);
    [definitions, others]
        .into_iter()
        .filter(|objects| !objects.is_empty())
        .map(|objects| Rendered { owner: owner.to_owned(), objects })
}

fn definitions_and_others(objects: Vec<Object>) -> (Vec<Object>, Vec<Object>) {
    objects.into_iter().partition(|object| object.kind() == "CustomResourceDefinition")
}

async fn find_storage(options: &Options) -> Result<Option<LocalStorage>, InstallError> {
    if let Some(root) = &options.local_storage {
        let nodes = options.cluster.get(&["nodes"]).await?;
        let node = nodes
            .first()
            .map(|node| node.text("/metadata/labels/kubernetes.io~1hostname").to_owned());
        let malformed = || InstallError::Malformed {
            what: "the list of nodes".to_owned(),
            reason: "it is empty".to_owned(),
        };
        return Ok(Some(LocalStorage { root: root.clone(), node: node.ok_or_else(malformed)? }));
    }
    let classes = options.cluster.get(&["storageclasses"]).await?;
    let is_default = |class: &Object| class.0["metadata"]["annotations"][DEFAULT_CLASS] == "true";
    if classes.iter().any(is_default) { Ok(None) } else { Err(InstallError::NoStorage) }
}

fn make_folders(folders: &[PathBuf]) -> Result<(), InstallError> {
    folders.iter().try_for_each(|path| {
        fs::create_dir_all(path).map_err(|source| InstallError::File {
            doing: "making the folder",
            path: path.clone(),
            source,
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manifest::parse_yaml;

    fn stage(text: &str) -> Vec<Vec<String>> {
        let labels = |rendered: Rendered| rendered.objects.iter().map(Object::label).collect();
        in_order("test", parse_yaml("test", text).unwrap()).map(labels).collect()
    }

    #[test]
    fn definitions_are_there_before_the_operator_that_looks_for_them() {
        let text = "kind: Deployment\nmetadata: {name: operator}\n---\nkind: CustomResourceDefinition\nmetadata: {name: alertmanagers}";
        let expected = [["CustomResourceDefinition alertmanagers"], ["Deployment operator"]];
        assert_eq!(stage(text), expected);
    }

    #[test]
    fn a_stage_without_definitions_is_applied_at_once() {
        assert_eq!(
            stage("kind: A\nmetadata: {name: a}\n---\nkind: B\nmetadata: {name: b}"),
            [["A a", "B b"]]
        );
    }
}
