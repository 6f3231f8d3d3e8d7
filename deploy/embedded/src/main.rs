//! `embedded`: a real one-node Kubernetes on this machine.

use anyhow::Result;
use ecotrack_embedded::component;
use ecotrack_embedded::image::make::Maker;
use ecotrack_embedded::image::recipe;
use ecotrack_embedded::image::source::Sources;
use ecotrack_embedded::image::store::Store;
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
    let stored = store.images()?;
    let recipes = recipe::read()?;
    let maker = Maker { sources: Sources { layout: &layout, components: &components }, recipes: &recipes, store };
    for recipe in &recipes.images {
        match maker.ensure(recipe, &stored) {
            Ok(outcome) => progress.say(&format!("{} {outcome:?}", recipe.name)),
            Err(error) => progress.say(&format!("{} {error:#}", recipe.name)),
        }
    }
    dns::install(&layout, &binaries)?;
    dns::wait(&layout, &binaries)?;
    progress.summary();
    Ok(())
}
