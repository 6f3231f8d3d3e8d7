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
        let imported = images
            .join()
            .map_err(|_panic| anyhow!("the image worker broke down; its message is above"))?;
        // An image that failed is the cause of a build that stopped for it.
        imported.and(built)
    })?;
    dns::wait(&site.layout, &site.binaries)?;
    compile::forget_caches(&site.layout)
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
