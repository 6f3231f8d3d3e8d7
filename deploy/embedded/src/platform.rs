//! The platform on top of the node: the same installer as for any other cluster, told where this one's programs and disks are.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result};
use ecotrack_platform::{Cluster, Event, Options, Reporter};

use crate::component;
use crate::layout::Layout;
use crate::node::settings::CONTEXT;
use crate::progress::{Progress, Step};
use crate::up::Site;

/// Measured: all parts at the same time, images in place.
const EXPECTED: Duration = Duration::from_secs(90);

/// Installs every part of the platform and waits until it is ready; what is there already is only looked at.
///
/// # Errors
/// When a part cannot be applied or is not ready in time.
pub fn install(site: &Site, environment: String) -> Result<()> {
    let options = Options {
        cluster: cluster(site)?,
        repository: ecotrack_platform::repository(),
        local_storage: Some(site.layout.state().join("volumes")),
        image_records: Some(site.layout.images()),
        environment,
        only: Vec::new(),
        reporter: reporter(site.progress.clone()),
    };
    let step = site.progress.step("platform", Some(EXPECTED));
    let runtime =
        tokio::runtime::Runtime::new().context("cannot start a runtime for the installer")?;
    runtime
        .block_on(ecotrack_platform::install(&options))
        .context("the platform is not installed; run `embedded up` again to go on")?;
    step.done("");
    Ok(())
}

fn cluster(site: &Site) -> Result<Cluster> {
    let helm = helm(&site.layout, &site.components)?;
    Ok(Cluster::new(CONTEXT, Some(site.layout.kubeconfig()), site.binaries.kubectl(), helm))
}

fn helm(layout: &Layout, components: &[component::Component]) -> Result<std::path::PathBuf> {
    let helm = components
        .iter()
        .find(|component| component.name == "helm")
        .context("no recipe for helm")?;
    Ok(component::folder(layout, helm).join("helm"))
}

/// Each part becomes a step of our own display.
fn reporter(progress: Progress) -> Reporter {
    let steps: Mutex<BTreeMap<String, Step>> = Mutex::default();
    Arc::new(move |event| {
        let mut steps = steps.lock().unwrap_or_else(PoisonError::into_inner);
        match event {
            Event::Began { part } => {
                let step = progress.step(format!("platform {part}"), None);
                steps.insert(part, step);
            }
            Event::Waiting { part, object } => {
                progress.say(&format!("platform {part} waits for {object}"));
            }
            Event::Told { part, what } => progress.say(&format!("platform {part}: {what}")),
            Event::Finished { part, took, unchanged } => {
                // Its line moves no longer; the installer's own figure counts.
                drop(steps.remove(&part));
                progress.ended(
                    &format!("platform {part}"),
                    took,
                    if unchanged { "unchanged" } else { "" },
                );
            }
        }
    })
}
