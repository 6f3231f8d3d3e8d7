//! `embedded`: a real one-node Kubernetes on this machine.

use anyhow::Result;
use ecotrack_embedded::component;
use ecotrack_embedded::image::source::Sources;
use ecotrack_embedded::image::store::Store;
use ecotrack_embedded::image::{archive::Image, layer, recipe};
use ecotrack_embedded::layout::Layout;
use ecotrack_embedded::node::programs::Binaries;
use ecotrack_embedded::node::{boot, config, dns};
use ecotrack_embedded::progress::Progress;

fn main() -> Result<()> {
    let layout = Layout::from_env()?;
    let progress = Progress::default();
    let components = component::read()?;
    let binaries = Binaries::of(&layout, &components)?;
    if std::env::args().nth(1).as_deref() == Some("down") {
        return boot::down(&layout, &binaries);
    }
    boot::up(&layout, &binaries, &progress)?;
    let store = Store { ctr: binaries.ctr(), socket: config::containerd_socket(&layout) };
    let sources = Sources { layout: &layout, components: &components };
    std::fs::create_dir_all(layout.images())?;
    for recipe in recipe::read()?.images.iter().take(2) {
        let layer = layer::write(&sources.entries(recipe)?, &layout.images().join("scratch.tar"))?;
        let image = Image::compose(&recipe.name, vec![layer], &recipe.start)?;
        store.import(&image)?;
        progress.say(&format!("{} {}", recipe.name, image.digest()));
    }
    dns::install(&layout, &binaries)?;
    dns::wait(&layout, &binaries)?;
    progress.summary();
    Ok(())
}
