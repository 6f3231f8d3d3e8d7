//! Fetching or making the files an image consists of.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use super::layer::{Content, Entry, entries_of_folder};
use super::recipe::{FileRecipe, Origin, Recipe};
use crate::command;
use crate::component::{self, Component};
use crate::layout::Layout;

const PROGRAM: u32 = 0o755;
const DATA: u32 = 0o644;
const SHARED_FOLDER: u32 = 0o1777;
/// Users of images without a package set, those the official images run as. Without an entry here a user's group would be root's.
const PASSWD: &str = "root:x:0:0:root:/root:/sbin/nologin\nistio-proxy:x:1337:1337::/:/sbin/nologin\n\
    app:x:10001:10001::/:/sbin/nologin\nnobody:x:65534:65534:nobody:/:/sbin/nologin\n";
const GROUP: &str = "root:x:0:\nistio-proxy:x:1337:\napp:x:10001:\nnobody:x:65534:\n";

/// Where files of images are found or made.
#[derive(Debug)]
pub struct Sources<'a> {
    /// The cache and the repository.
    pub layout: &'a Layout,
    /// The components, whose programs go into images.
    pub components: &'a [Component],
}

impl Sources<'_> {
    /// The entries of an image's own layer, folders before what is in them.
    ///
    /// # Errors
    /// When a file is not there and cannot be made or fetched.
    pub fn entries(&self, recipe: &Recipe) -> Result<Vec<Entry>> {
        let mut entries = Vec::new();
        if recipe.base.is_none() {
            entries.extend(bare_system());
        }
        for folder in &recipe.folders {
            entries.push(Entry { path: relative(folder), content: Content::Folder(SHARED_FOLDER) });
        }
        for file in &recipe.files {
            entries.extend(
                self.resolve(file)
                    .with_context(|| format!("the image {} lacks {}", recipe.name, file.to))?,
            );
        }
        Ok(entries)
    }

    /// Fetches or compiles what an image needs besides components and programs of this workspace.
    ///
    /// # Errors
    /// When a registry or the compiler fails.
    pub fn fetch(&self, recipe: &Recipe) -> Result<()> {
        for file in &recipe.files {
            match file.origin()? {
                Origin::Pypi(package, path) => drop(self.python_file(&package, &path)?),
                Origin::Maven(name) => drop(self.jars(&name)?),
                Origin::Compiled(path) => drop(self.compiled(&path)?),
                Origin::Component(..)
                | Origin::Kept(..)
                | Origin::Asset(_)
                | Origin::Release(_)
                | Origin::Text(_) => {}
            }
        }
        Ok(())
    }

    /// Where a program of this workspace lies once built.
    #[must_use]
    pub fn release(&self, program: &str) -> PathBuf {
        release_folder().join(program)
    }

    fn resolve(&self, file: &FileRecipe) -> Result<Vec<Entry>> {
        let to = relative(&file.to);
        let one = |path: PathBuf, mode| {
            Ok(vec![Entry { path: to.clone(), content: Content::File(path, mode) }])
        };
        match file.origin()? {
            Origin::Component(name, program) => one(self.program(&name, &program)?, PROGRAM),
            Origin::Kept(name, file) => one(self.program(&name, &file)?, DATA),
            Origin::Pypi(package, path) => one(self.python_file(&package, &path)?, PROGRAM),
            Origin::Maven(name) => entries_of_folder(&self.jars(&name)?, &to),
            Origin::Asset(path) => asset(self.assets().join(path), &to),
            Origin::Compiled(path) => one(self.compiled(&path)?, PROGRAM),
            Origin::Release(program) => one(self.release(&program), PROGRAM),
            Origin::Text(text) => Ok(vec![Entry { path: to, content: Content::Text(text, DATA) }]),
        }
    }

    fn assets(&self) -> PathBuf {
        self.layout.sources().join("images")
    }

    fn component(&self, name: &str) -> Result<&Component> {
        self.components
            .iter()
            .find(|component| component.name == name)
            .with_context(|| format!("no component {name:?}"))
    }

    fn program(&self, name: &str, program: &str) -> Result<PathBuf> {
        existing(component::folder(self.layout, self.component(name)?).join(program))
    }

    fn compiled(&self, path: &str) -> Result<PathBuf> {
        let folder = self.layout.bin().join("compiled");
        fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
        let program = folder.join(Path::new(path).file_stem().unwrap_or_default());
        let source = self.assets().join(path);
        if !newer(&program, &source) {
            let (from, to) = (source.display().to_string(), program.display().to_string());
            command::run("cc", &["-Os", "-static", "-s", "-o", &to, &from])?;
        }
        Ok(program)
    }

    fn python_file(&self, package: &str, path: &str) -> Result<PathBuf> {
        let folder = self.layout.downloads().join("pypi").join(package);
        let file = folder.join(path);
        if !file.exists() {
            let pinned = self.assets().join("requirements.txt");
            fetch_python(package, &pinned, &folder)?;
        }
        existing(file)
    }

    fn jars(&self, name: &str) -> Result<PathBuf> {
        let pom = self.assets().join(name).join("pom.xml");
        let folder = self.layout.downloads().join("maven").join(name);
        let complete = folder.with_extension("complete");
        if !newer(&complete, &pom) {
            let (from, to) =
                (pom.display().to_string(), format!("-DoutputDirectory={}", folder.display()));
            command::run(
                "mvn",
                &["--batch-mode", "--quiet", "-f", &from, "dependency:copy-dependencies", &to],
            )?;
            fs::write(&complete, "")
                .with_context(|| format!("cannot write {}", complete.display()))?;
        }
        Ok(folder)
    }
}

fn fetch_python(package: &str, pinned: &Path, folder: &Path) -> Result<()> {
    let text =
        fs::read_to_string(pinned).with_context(|| format!("cannot read {}", pinned.display()))?;
    let requirement = text
        .lines()
        .find(|line| line.split("==").next() == Some(package))
        .with_context(|| format!("{package} has no line in {}", pinned.display()))?;
    let target = folder.display().to_string();
    command::run(
        "python3",
        &[
            "-m",
            "pip",
            "install",
            "--quiet",
            "--root-user-action=ignore",
            "--no-deps",
            "--upgrade",
            "--target",
            &target,
            requirement,
        ],
    )?;
    Ok(())
}

fn asset(path: PathBuf, to: &str) -> Result<Vec<Entry>> {
    if path.is_dir() {
        return entries_of_folder(&path, to);
    }
    Ok(vec![Entry { path: to.to_owned(), content: Content::File(path, DATA) }])
}

fn newer(made: &Path, source: &Path) -> bool {
    let time = |path: &Path| fs::metadata(path).and_then(|data| data.modified()).ok();
    matches!((time(made), time(source)), (Some(made), Some(source)) if made >= source)
}

fn existing(path: PathBuf) -> Result<PathBuf> {
    fs::metadata(&path).with_context(|| format!("{} is not there", path.display()))?;
    Ok(path)
}

fn relative(path: &str) -> String {
    path.trim_start_matches('/').to_owned()
}

/// The folder of this workspace's release programs.
fn release_folder() -> PathBuf {
    let target = std::env::var_os("CARGO_TARGET_DIR").map(PathBuf::from);
    target
        .unwrap_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target"))
        .join("release")
}

fn bare_system() -> Vec<Entry> {
    let folder = |path: &str, mode| Entry { path: path.to_owned(), content: Content::Folder(mode) };
    let text = |path: &str, text: &str| Entry {
        path: path.to_owned(),
        content: Content::Text(text.to_owned(), DATA),
    };
    vec![
        folder("etc", PROGRAM),
        text("etc/passwd", PASSWD),
        text("etc/group", GROUP),
        folder("tmp", SHARED_FOLDER),
    ]
}
