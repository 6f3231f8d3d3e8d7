//! Building a component's programs from its pinned Go module, once per recipe.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, bail};

use crate::command;
use crate::component::{Component, folder, go, module_folder, own_caches, sources};
use crate::files::{copy_tree, remove, size_of};
use crate::image::layer::digest_of_bytes;
use crate::layout::Layout;
use crate::progress::Progress;

/// Marks a folder of finished programs, and says of what recipe they are.
pub(crate) const STAMP: &str = ".recipe";
/// A cache of the compiler is emptied beyond this size: what components share is small, all of it together is not.
const CACHE_LIMIT: u64 = 8 << 30;

/// Whether the programs of this very recipe are there.
///
/// # Errors
/// When the pinned module cannot be read.
pub fn built(layout: &Layout, component: &Component) -> Result<bool> {
    let home = folder(layout, component);
    Ok(recipe_of(&home) == key(layout, component)?
        && component.programs().iter().all(|program| home.join(program).exists()))
}

/// The recipe that a folder of finished programs is marked with; empty where there is none.
#[must_use]
pub fn recipe_of(folder: &Path) -> String {
    fs::read_to_string(folder.join(STAMP)).unwrap_or_default()
}

/// Builds a component unless it is built already.
///
/// # Errors
/// When the module cannot be fetched or does not compile; the error names the log.
pub fn ensure(layout: &Layout, component: &Component, progress: &Progress) -> Result<()> {
    if built(layout, component)? {
        return Ok(());
    }
    let name = format!("build {} {}", component.name, component.version);
    let step = progress.step(name, Some(Duration::from_secs(component.expected_seconds)));
    let work = layout.build().join(&component.name);
    prepare(layout, component, &work)?;
    compile(layout, component, &work)?;
    keep(layout, component, &work)?;
    bound_caches(layout)?;
    step.done("");
    Ok(())
}

/// Forgets what was fetched and compiled on the way; the finished programs stay.
///
/// # Errors
/// When a file cannot be removed.
pub fn forget_caches(layout: &Layout) -> Result<()> {
    own_caches(layout).iter().try_for_each(|(_, cache)| remove(cache))
}

fn bound_caches(layout: &Layout) -> Result<()> {
    let large = own_caches(layout).into_iter().filter(|(_, cache)| size_of(cache) > CACHE_LIMIT);
    large.into_iter().try_for_each(|(_, cache)| remove(&cache))
}

/// What decides the programs: the recipe, the pinned modules, and the files laid over them.
///
/// # Errors
/// When a file of the component cannot be read.
pub fn key(layout: &Layout, component: &Component) -> Result<String> {
    let mut decisive = component.clone();
    // Measured anew, it is still the same program.
    decisive.expected_seconds = 0;
    let mut parts = vec![serde_json::to_string(&decisive)?];
    for file in files_below(&sources(layout, component))? {
        let bytes = fs::read(&file).with_context(|| format!("cannot read {}", file.display()))?;
        parts.push(digest_of_bytes(&bytes));
    }
    Ok(digest_of_bytes(parts.join("\n").as_bytes()))
}

fn files_below(folder: &Path) -> Result<Vec<PathBuf>> {
    let entries =
        fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))?;
    let mut files = Vec::new();
    for entry in entries {
        let path = entry?.path();
        if path.is_dir() {
            files.extend(files_below(&path)?);
        } else {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

/// A main module in a folder of its own, so that nothing is written into the repository.
fn prepare(layout: &Layout, component: &Component, work: &Path) -> Result<()> {
    remove(work)?;
    copy_tree(&sources(layout, component), work)?;
    if component.patched {
        let source = work.join("src");
        copy_tree(&module_folder(layout, component)?, &source)?;
        copy_tree(&work.join("overlay"), &source)?;
        // Its packages belong to the copy; here they would be strangers.
        remove(&work.join("overlay"))?;
    }
    Ok(())
}

fn compile(layout: &Layout, component: &Component, work: &Path) -> Result<()> {
    fs::create_dir_all(layout.logs())
        .with_context(|| format!("cannot make {}", layout.logs().display()))?;
    let log_path = layout.logs().join(format!("build-{}.log", component.name));
    let mut go = go(layout);
    // Memory is cheaper than time here: the compiler collects its garbage rarely.
    go.args(arguments(component, &work.join("out"))).current_dir(work);
    go.env("CGO_ENABLED", "0").env("GOGC", "1000");
    run(component, &mut go, &log_path)
}

/// Runs the compiler with all it says in a log; the end of it is in the error.
fn run(component: &Component, go: &mut Command, log_path: &Path) -> Result<()> {
    let log =
        File::create(log_path).with_context(|| format!("cannot create {}", log_path.display()))?;
    let status = go
        .stdout(log.try_clone()?)
        .stderr(log)
        .status()
        .context("cannot start go; see `embedded doctor`")?;
    if !status.success() {
        let words = command::tail(&fs::read_to_string(log_path).unwrap_or_default());
        bail!(
            "{} {} failed to build ({status}); log: {}; when its cause is mended, run `embedded up` again:\n  {words}",
            component.name,
            component.version,
            log_path.display()
        );
    }
    Ok(())
}

fn arguments(component: &Component, out: &Path) -> Vec<String> {
    let variables = component.variables.iter().map(|(name, value)| format!(" -X {name}={value}"));
    let mut arguments = vec![
        "build".to_owned(),
        "-mod=readonly".to_owned(),
        "-trimpath".to_owned(),
        "-gcflags=all=-dwarf=false".to_owned(),
        format!("-ldflags=-s -w{}", variables.collect::<String>()),
        format!("-o={}/", out.display()),
    ];
    if !component.tags.is_empty() {
        arguments.push(format!("-tags={}", component.tags.join(",")));
    }
    arguments.extend(component.packages.iter().cloned());
    arguments
}

/// Puts finished programs in their place in one step: a folder that is there is whole.
fn keep(layout: &Layout, component: &Component, work: &Path) -> Result<()> {
    let (out, home) = (work.join("out"), folder(layout, component));
    keep_files(layout, component, &out)?;
    fs::write(out.join(STAMP), key(layout, component)?)
        .with_context(|| format!("cannot mark {}", out.display()))?;
    fs::create_dir_all(layout.bin())
        .with_context(|| format!("cannot make {}", layout.bin().display()))?;
    remove(&home)?;
    fs::rename(&out, &home).with_context(|| format!("cannot keep {}", home.display()))?;
    remove(work)
}

fn keep_files(layout: &Layout, component: &Component, out: &Path) -> Result<()> {
    for file in &component.keep {
        let source = module_folder(layout, component)?.join(file);
        let target = out.join(source.file_name().unwrap_or_default());
        fs::copy(&source, &target).with_context(|| format!("cannot keep {}", source.display()))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::component;

    fn cache() -> (tempfile::TempDir, Layout, Component) {
        let folder = tempfile::tempdir().unwrap();
        let layout = Layout::new(folder.path().join("cache"), folder.path().join("repository"));
        let component = component::read()
            .unwrap()
            .into_iter()
            .find(|component| component.name == "coredns")
            .unwrap();
        let pinned = sources(&layout, &component);
        fs::create_dir_all(&pinned).unwrap();
        fs::write(pinned.join("go.mod"), "module a\n").unwrap();
        (folder, layout, component)
    }

    #[test]
    fn a_changed_pin_or_tag_is_another_key() {
        let (_folder, layout, mut component) = cache();
        let first = key(&layout, &component).unwrap();
        component.tags.push("small".to_owned());
        let tagged = key(&layout, &component).unwrap();
        fs::write(sources(&layout, &component).join("go.mod"), "module b\n").unwrap();
        assert!(first != tagged && tagged != key(&layout, &component).unwrap());
    }

    #[test]
    fn a_new_measurement_is_no_new_build() {
        let (_folder, layout, mut component) = cache();
        let before = key(&layout, &component).unwrap();
        component.expected_seconds += 1;
        assert_eq!(before, key(&layout, &component).unwrap());
    }

    #[test]
    fn a_folder_without_all_programs_is_not_built() {
        let (_folder, layout, component) = cache();
        let home = folder(&layout, &component);
        fs::create_dir_all(&home).unwrap();
        fs::write(home.join(STAMP), key(&layout, &component).unwrap()).unwrap();
        assert!(!built(&layout, &component).unwrap());
        fs::write(home.join("coredns"), "").unwrap();
        assert!(built(&layout, &component).unwrap());
    }

    #[test]
    fn a_component_that_fails_to_compile_is_told_with_its_log_and_what_to_do() {
        let (folder, _layout, component) = cache();
        let log = folder.path().join("build-coredns.log");
        let mut go = Command::new("sh");
        go.args(["-c", "echo main.go:7: undefined: x >&2; exit 1"]);
        let error = run(&component, &mut go, &log).unwrap_err().to_string();
        for words in [
            "coredns",
            "failed to build",
            "main.go:7: undefined: x",
            "build-coredns.log",
            "embedded up",
        ] {
            assert!(error.contains(words), "{words} is not in: {error}");
        }
    }

    #[test]
    fn tags_and_variables_reach_the_compiler() {
        let components = component::read().unwrap();
        let prometheus =
            components.iter().find(|component| component.name == "prometheus").unwrap();
        let line = arguments(prometheus, Path::new("/out")).join(" ");
        assert!(
            line.contains("-tags=remove_all_sd,enable_kubernetes_sd")
                && line.contains("version.Version=3.14.0"),
            "{line}"
        );
    }
}
