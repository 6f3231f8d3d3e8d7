//! From nothing to a platform: builds and images side by side, the node as soon as its own programs are there.

mod images;

use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::{self, ScopedJoinHandle};

use anyhow::{Result, anyhow, bail};

use crate::component::Component;
use crate::image::make::Maker;
use crate::image::recipe::{self, Recipes};
use crate::image::source::Sources;
use crate::image::store::Store;
use crate::layout::Layout;
use crate::node::programs::Binaries;
use crate::node::{boot, config, dns};
use crate::progress::Progress;
use crate::{compile, component};

pub use images::{Line, import, report};

/// What the node itself consists of; built first.
const FOUNDATION: [&str; 4] = ["kubernetes", "containerd", "etcd", "coredns"];

/// What the image worker waits for.
#[derive(Debug)]
enum News {
    /// The node runs: images can be imported.
    Node,
    /// A component is built.
    Built(String),
}

/// Everything a command of ours works with.
#[derive(Debug)]
pub struct Site {
    /// The folders.
    pub layout: Layout,
    /// All components.
    pub components: Vec<Component>,
    /// All image recipes.
    pub recipes: Recipes,
    /// The node's programs.
    pub binaries: Binaries,
    /// What the user sees.
    pub progress: Progress,
}

impl Site {
    /// The site of this machine and repository.
    ///
    /// # Errors
    /// When no cache folder is known or a recipe does not parse.
    pub fn open() -> Result<Self> {
        let layout = Layout::from_env()?;
        let components = component::read()?;
        let binaries = Binaries::of(&layout, &components)?;
        Ok(Self {
            layout,
            components,
            recipes: recipe::read()?,
            binaries,
            progress: Progress::default(),
        })
    }

    /// The maker of images for this site's node.
    #[must_use]
    pub fn maker(&self) -> Maker<'_> {
        let store =
            Store { ctr: self.binaries.ctr(), socket: config::containerd_socket(&self.layout) };
        let sources = Sources { layout: &self.layout, components: &self.components };
        Maker { sources, recipes: &self.recipes, store }
    }
}

/// Brings up node, DNS and all platform images.
///
/// # Errors
/// The first failure of a build, an image, or the node.
pub fn node(site: &Site) -> Result<()> {
    thread::scope(|scope| {
        let (news, heard) = channel();
        let images = scope.spawn(move || images::follow(site, &heard));
        let built = build_and_boot(site, &news, &images);
        // The end of news ends the image worker.
        drop(news);
        outcome(images.join(), built)
    })?;
    dns::wait(&site.layout, &site.binaries)?;
    compile::forget_caches(&site.layout)
}

/// An image that failed is the cause of a build that stopped for it.
fn outcome(images: thread::Result<Result<()>>, built: Result<()>) -> Result<()> {
    let imported =
        images.map_err(|_panic| anyhow!("the image worker broke down; its message is above"))?;
    imported.and(built)
}

fn build_and_boot(
    site: &Site,
    news: &Sender<News>,
    images: &ScopedJoinHandle<'_, Result<()>>,
) -> Result<()> {
    let (foundation, rest): (Vec<_>, Vec<_>) =
        site.components.iter().partition(|component| FOUNDATION.contains(&component.name.as_str()));
    for component in foundation {
        build(site, component, news, images)?;
    }
    boot::up(&site.layout, &site.binaries, &site.progress)?;
    dns::install(&site.layout, &site.binaries)?;
    tell(news, News::Node)?;
    rest.into_iter().try_for_each(|component| build(site, component, news, images))
}

fn build(
    site: &Site,
    component: &Component,
    news: &Sender<News>,
    images: &ScopedJoinHandle<'_, Result<()>>,
) -> Result<()> {
    if images.is_finished() {
        bail!("stopped before {}: the images failed", component.name);
    }
    compile::ensure(&site.layout, component, &site.progress)?;
    tell(news, News::Built(component.name.clone()))
}

fn tell(news: &Sender<News>, what: News) -> Result<()> {
    news.send(what).map_err(|_closed| anyhow!("the image worker ended early"))
}

/// Listens until everything so far heard is known; answers nothing when no more will come.
fn listen(heard: &Receiver<News>) -> Option<Vec<News>> {
    let first = heard.recv().ok()?;
    Some(std::iter::once(first).chain(heard.try_iter()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_image_worker_that_breaks_down_is_an_error() {
        let worker = thread::spawn(|| panic!("a bug"));
        let error = outcome(worker.join(), Ok(())).unwrap_err();
        assert!(error.to_string().contains("image worker broke down"), "{error}");
    }

    #[test]
    fn an_image_that_failed_is_told_before_the_build_that_stopped_for_it() {
        let stopped = Err(anyhow!("stopped before loki: the images failed"));
        let error = outcome(Ok(Err(anyhow!("no space left"))), stopped).unwrap_err();
        assert_eq!(error.to_string(), "no space left");
    }
}
