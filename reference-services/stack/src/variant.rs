//! Binaries with features that no release has: crash points and planted bugs.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context as _, ensure};
use serde_json::Value;

use crate::{name::Name, programs};

/// Services whose `Cargo.toml` knows a feature.
pub fn services_with(feature: &str) -> anyhow::Result<Vec<Name>> {
    let mut found = Vec::new();
    for name in Name::SERVICES {
        let path = programs::repository()
            .join("reference-services")
            .join(name.as_str())
            .join("Cargo.toml");
        let text =
            fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
        let is_feature =
            |line: &str| line.split('=').next().is_some_and(|key| key.trim() == feature);
        if text.lines().any(is_feature) {
            found.push(name);
        }
    }
    Ok(found)
}

/// Builds every service with `features`, where it knows them, and answers the folder the binaries lie in. They are set
/// apart from cargo's own folder, so that the next build of another kind does not replace them.
pub fn build(features: &[&str]) -> anyhow::Result<PathBuf> {
    let folder = programs::target().join("stack").join(features.join("+"));
    fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
    let mut wanted = Vec::new();
    for feature in features {
        let services = services_with(feature)?;
        ensure!(!services.is_empty(), "no service has the feature {feature}");
        wanted.extend(services.iter().map(|name| format!("{name}/{feature}")));
    }
    // As parts of the whole workspace, as the Makefile builds them: asked for alone, dependencies would have fewer features and
    // compile once more.
    let programs = Name::ALL.iter().flat_map(|name| ["--bin", name.as_str()]);
    let done = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
        .args(["build", "--quiet", "--locked", "--workspace", "--message-format", "json"])
        .args(programs)
        .args(["--features", &wanted.join(",")])
        .current_dir(programs::repository())
        .output()
        .context("cannot start cargo")?;
    let said = String::from_utf8_lossy(&done.stderr);
    ensure!(done.status.success(), "the build with {} failed: {}", wanted.join(","), said.trim());
    set_apart(&done.stdout, &folder)?;
    Ok(folder)
}

/// Copies the binaries that cargo names.
fn set_apart(messages: &[u8], folder: &Path) -> anyhow::Result<()> {
    let is_ours = |name: &str| Name::ALL.iter().any(|known| known.as_str() == name);
    for line in String::from_utf8_lossy(messages).lines() {
        let message: Value =
            serde_json::from_str(line).context("cargo said something else than JSON")?;
        let Some(built) = message["executable"].as_str().map(Path::new) else { continue };
        let name = built.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        if is_ours(name) {
            fs::copy(built, folder.join(name))
                .with_context(|| format!("cannot copy {}", built.display()))?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_service_has_crash_points() {
        assert_eq!(services_with("failpoints").unwrap(), Name::SERVICES);
    }

    #[test]
    fn a_feature_that_nobody_has_is_in_no_service() {
        assert!(services_with("planted-nothing").unwrap().is_empty());
    }
}
