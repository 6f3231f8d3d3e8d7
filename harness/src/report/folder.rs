//! Where reports lie: a folder per run, and `latest` beside them.

use std::path::{Path, PathBuf};

use anyhow::Context;

use super::{Report, html, junit};

const FILES: [&str; 3] = ["report.json", "report.html", "junit.xml"];

/// The folder of all reports of one checkout.
#[derive(Debug, Clone)]
pub struct Folder(PathBuf);

impl Folder {
    /// The folder at this path; made when the first report is written.
    #[must_use]
    pub fn new(path: PathBuf) -> Self {
        Self(path)
    }

    /// Where the reports of this checkout lie: `target/conformance` below it.
    #[must_use]
    pub fn of(repository: &Path) -> Self {
        Self::new(repository.join("target").join("conformance"))
    }

    /// Makes sure that a report can be written before any scenario runs.
    pub fn prepare(&self, report: &str) -> anyhow::Result<PathBuf> {
        let path = self.0.join(report);
        std::fs::create_dir_all(&path)
            .with_context(|| format!("making the folder of reports {}", path.display()))?;
        Ok(path)
    }

    /// Writes every form of the report, and copies them to `latest`. Answers with the path of the HTML form.
    pub fn write(&self, report: &Report) -> anyhow::Result<PathBuf> {
        let path = self.prepare(report.run.as_str())?;
        let forms = [serde_json::to_string_pretty(report)?, html(report)?, junit(report)?];
        let latest = self.prepare("latest")?;
        for (name, text) in FILES.iter().zip(forms) {
            for folder in [&path, &latest] {
                let file = folder.join(name);
                std::fs::write(&file, &text)
                    .with_context(|| format!("writing {}", file.display()))?;
            }
        }
        Ok(path.join("report.html"))
    }

    /// Where a form of a run's report lies.
    #[must_use]
    pub fn path(&self, run: &str, form: &str) -> PathBuf {
        self.0.join(run).join(form)
    }

    /// Reads the report of a run, or `latest`.
    pub fn read(&self, run: &str) -> anyhow::Result<Report> {
        read(&self.0.join(run).join("report.json"))
    }
}

/// Reads a report from its JSON form.
pub fn read(path: &Path) -> anyhow::Result<Report> {
    anyhow::ensure!(
        path.is_file(),
        "there is no report at {}: run `make conformance`",
        path.display()
    );
    let text = std::fs::read_to_string(path)
        .with_context(|| format!("reading the report {}", path.display()))?;
    serde_json::from_str(&text)
        .with_context(|| format!("{} is no report of this version", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::model::sample::report;
    use crate::verdict::Verdict;

    #[test]
    fn json_junit_and_html_agree_on_every_scenario() {
        let temporary = tempfile::tempdir().unwrap();
        let folder = Folder::new(temporary.path().to_owned());
        let written = report();
        folder.write(&written).unwrap();
        let text = |name: &str| {
            std::fs::read_to_string(temporary.path().join("latest").join(name)).unwrap()
        };
        let (html, junit) = (text("report.html").replace("&#x2f;", "/"), text("junit.xml"));
        assert_eq!(folder.read("latest").unwrap(), written);
        assert_eq!(folder.read(written.run.as_str()).unwrap(), written);
        for verdict in Verdict::ALL {
            let count = written.count(verdict);
            assert_eq!(
                html.matches(&format!("data-verdict=\"{verdict}\"")).count(),
                count,
                "html and json on {verdict}"
            );
            assert_eq!(
                junit.matches(&format!("name=\"verdict\" value=\"{verdict}\"")).count(),
                count,
                "junit and json on {verdict}"
            );
        }
        for scenario in &written.scenarios {
            assert!(
                junit.contains(&format!("classname=\"{}\"", scenario.address)),
                "junit lacks {}",
                scenario.address
            );
            assert!(
                html.contains(&scenario.address.to_string()),
                "html lacks {}",
                scenario.address
            );
        }
        assert!(html.contains(&format!("data-result=\"{}\"", written.result)));
        assert!(junit.contains(&format!("value=\"{}\"", written.result)));
    }

    #[test]
    fn a_missing_report_names_the_next_command() {
        let error = read(Path::new("/nowhere/report.json")).unwrap_err().to_string();
        assert!(error.ends_with("run `make conformance`"), "{error}");
    }
}
