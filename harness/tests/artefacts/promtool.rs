//! Runs the real promtool on the rules, taken out of their Kubernetes objects.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde::Serialize;

use super::repository::stem;
use super::rules::{Group, RuleFile};

/// A folder with the groups of every rule file and the unit tests beside them, as promtool wants them.
pub(crate) struct Folder(PathBuf);

impl Folder {
    /// Made afresh under the given name.
    pub(crate) fn of(name: &str, rules: &[RuleFile]) -> Self {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        if folder.exists() {
            fs::remove_dir_all(&folder).expect("the folder of an earlier run can be removed");
        }
        fs::create_dir_all(&folder).expect("a temporary folder");
        for file in rules {
            let groups = serde_yaml_ng::to_string(&Groups { groups: &file.groups })
                .expect("groups are YAML");
            fs::write(folder.join(format!("{}.yaml", stem(&file.path))), groups)
                .expect("rules are written");
        }
        Self(folder)
    }

    /// Puts a unit test beside the rules.
    pub(crate) fn add_test(&self, path: &Path, content: &str) {
        fs::write(self.0.join(format!("{}.yaml", stem(path))), content).expect("tests are written");
    }

    /// Runs promtool in the folder; fails with its own words.
    pub(crate) fn run<'a>(&self, arguments: &[&str], files: impl Iterator<Item = &'a Path>) {
        let output = self.output(arguments, files);
        assert!(
            output.status.success(),
            "promtool {}:\n{}{}",
            arguments.join(" "),
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        );
    }

    /// Runs promtool in the folder; answers with whether it found nothing wrong.
    pub(crate) fn passes<'a>(
        &self,
        arguments: &[&str],
        files: impl Iterator<Item = &'a Path>,
    ) -> bool {
        self.output(arguments, files).status.success()
    }

    fn output<'a>(&self, arguments: &[&str], files: impl Iterator<Item = &'a Path>) -> Output {
        let files = files.map(|file| format!("{}.yaml", stem(file)));
        let mut promtool = Command::new(binary());
        promtool.current_dir(&self.0).args(arguments).args(files);
        promtool.output().expect("promtool starts")
    }
}

#[derive(Serialize)]
struct Groups<'a> {
    groups: &'a [Group],
}

/// `PROMTOOL`, or the one on the path, or the one that the project built for itself.
fn binary() -> PathBuf {
    env::var_os("PROMTOOL")
        .map(PathBuf::from)
        .or_else(|| env::var_os("PATH").and_then(|path| env::split_paths(&path).map(|folder| folder.join("promtool")).find(|file| file.is_file())))
        .or_else(built)
        .expect("no promtool: install Prometheus, name its promtool in PROMTOOL, or run `cargo run -p ecotrack-embedded -- build prometheus`")
}

fn built() -> Option<PathBuf> {
    let folders = fs::read_dir(cache()?.join("bin")).ok()?;
    let mut found: Vec<_> = folders
        .filter_map(Result::ok)
        .filter(|entry| entry.file_name().to_string_lossy().starts_with("prometheus-"))
        .map(|entry| entry.path().join("promtool"))
        .filter(|file| file.is_file())
        .collect();
    found.sort();
    found.pop()
}

fn cache() -> Option<PathBuf> {
    let below = |variable: &str, folder: &str| {
        env::var_os(variable).map(|base| Path::new(&base).join(folder))
    };
    below("ECOTRACK_CACHE", "")
        .or_else(|| below("XDG_CACHE_HOME", "ecotrack"))
        .or_else(|| below("HOME", ".cache/ecotrack"))
}
