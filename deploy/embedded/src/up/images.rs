//! The image worker: fetches while programs are compiled, imports as soon as an image's parts are there.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::sync::mpsc::Receiver;
use std::time::Duration;

use anyhow::{Context, Result, bail};

use super::{News, Site, listen};
use crate::image::make::Maker;
use crate::image::recipe::{Origin, Recipe};
use crate::image::rootfs;

/// What happened to an image: its name, its digest, whether it was imported anew.
pub type Line = (String, String, bool);

/// Fetches everything images need from registries, then imports each platform image when it can be made.
pub(super) fn follow(site: &Site, heard: &Receiver<News>) -> Result<()> {
    let maker = site.maker();
    let wanted: Vec<&Recipe> = site.recipes.images.iter().filter(|recipe| !recipe.own).collect();
    fetch(site, &maker, &wanted)?;
    let mut waiting = wanted;
    let mut built = BTreeSet::new();
    let mut node = false;
    while let Some(news) = listen(heard) {
        for what in news {
            match what {
                News::Node => node = true,
                News::Built(name) => drop(built.insert(name)),
            }
        }
        if node {
            waiting = import_possible(site, &maker, waiting, &built)?;
        }
    }
    Ok(())
}

/// Imports what can be made of the components built so far; answers what still waits.
fn import_possible<'a>(
    site: &Site,
    maker: &Maker<'_>,
    waiting: Vec<&'a Recipe>,
    built: &BTreeSet<String>,
) -> Result<Vec<&'a Recipe>> {
    let stored = maker.store.images()?;
    let mut left = Vec::new();
    for recipe in waiting {
        if recipe.components()?.iter().all(|name| built.contains(name)) {
            let _line = import_one(site, maker, recipe, &stored)?;
        } else {
            left.push(recipe);
        }
    }
    Ok(left)
}

fn import_one(
    site: &Site,
    maker: &Maker<'_>,
    recipe: &Recipe,
    stored: &BTreeMap<String, String>,
) -> Result<Line> {
    let outcome = maker.ensure(recipe, stored)?;
    if outcome.changed {
        site.progress.say(&format!("image {} imported", recipe.name));
    }
    Ok((recipe.name.clone(), outcome.digest, outcome.changed))
}

fn fetch(site: &Site, maker: &Maker<'_>, wanted: &[&Recipe]) -> Result<()> {
    for (name, base) in &site.recipes.bases {
        if !rootfs::cached(&site.layout, name, base) {
            let step = site
                .progress
                .step(format!("packages {name}"), Some(Duration::from_secs(base.expected_seconds)));
            let _layer = rootfs::layer(&site.layout, name, base)?;
            step.done("");
        }
    }
    for recipe in wanted {
        maker
            .sources
            .fetch(recipe)
            .with_context(|| format!("cannot fetch what {} needs", recipe.name))?;
    }
    Ok(())
}

/// Imports all images, or the project's own only, or those whose name contains one of `names`, and answers what became of each.
///
/// # Errors
/// When the node does not run, a program is not built, or containerd refuses an image.
pub fn import(site: &Site, own_only: bool, names: &[String]) -> Result<Vec<Line>> {
    let maker = site.maker();
    let stored =
        maker.store.images().context("the node does not run: start it with `embedded up`")?;
    let wanted: Vec<&Recipe> = site
        .recipes
        .images
        .iter()
        .filter(|recipe| (recipe.own || !own_only) && is_named(recipe, names))
        .collect();
    require_programs(&maker, &wanted)?;
    wanted.into_iter().map(|recipe| import_one(site, &maker, recipe, &stored)).collect()
}

fn is_named(recipe: &Recipe, names: &[String]) -> bool {
    names.is_empty() || names.iter().any(|name| recipe.name.contains(name.as_str()))
}

/// Tells all missing programs at once, before the first image is made.
fn require_programs(maker: &Maker<'_>, wanted: &[&Recipe]) -> Result<()> {
    let mut missing = Vec::new();
    for file in wanted.iter().flat_map(|recipe| &recipe.files) {
        if let Origin::Release(program) = file.origin()?
            && !maker.sources.release(&program).exists()
        {
            missing.push(program);
        }
    }
    if missing.is_empty() {
        return Ok(());
    }
    bail!(
        "not built yet: {}; build them: cargo build --release {}",
        missing.join(", "),
        packages(&missing)
    );
}

fn packages(programs: &[String]) -> String {
    programs.iter().map(|program| format!("-p {program}")).collect::<Vec<_>>().join(" ")
}

/// One line per image, for people and scripts: name, digest, whether it changed.
#[must_use]
pub fn report(lines: &[Line]) -> String {
    let mut text = String::new();
    for (name, digest, changed) in lines {
        let _infallible =
            writeln!(text, "{name} {digest} {}", if *changed { "imported" } else { "unchanged" });
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_report_has_a_line_per_image() {
        let lines = [
            ("a.b/c:1".to_owned(), "sha256:1".to_owned(), true),
            ("a.b/d:1".to_owned(), "sha256:2".to_owned(), false),
        ];
        assert_eq!(report(&lines), "a.b/c:1 sha256:1 imported\na.b/d:1 sha256:2 unchanged\n");
    }

    #[test]
    fn missing_programs_are_named_as_cargo_wants_them() {
        assert_eq!(
            packages(&["user-service".to_owned(), "loadtest".to_owned()]),
            "-p user-service -p loadtest"
        );
    }
}
