//! Where reports lie: a folder per run, and beside them `latest` and `latest-prove`.

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

    /// Writes every form of the report, and copies them to the latest of its kind. Answers with the path of the HTML form.
    pub fn write(&self, report: &Report) -> anyhow::Result<PathBuf> {
        let path = self.prepare(report.run.as_str())?;
        let forms = [serde_json::to_string_pretty(report)?, html(report)?, junit(report)?];
        let latest = self.prepare(report.mode.latest())?;
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

    /// Reads the report of a run, or of the latest of its kind.
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
    use crate::report::model::Mode;
    use crate::report::model::sample::{broken, report};
    use crate::verdict::Verdict;

    /// A report as it was written: HTML and JUnit, and what JSON reads back to.
    fn written(report: &Report) -> (String, String, Report) {
        let temporary = tempfile::tempdir().unwrap();
        let folder = Folder::new(temporary.path().to_owned());
        folder.write(report).unwrap();
        let text = |name: &str| {
            std::fs::read_to_string(temporary.path().join("latest").join(name)).unwrap()
        };
        assert_eq!(folder.read(report.run.as_str()).unwrap(), folder.read("latest").unwrap());
        let html = text("report.html").replace("&#x2f;", "/");
        (html, text("junit.xml"), folder.read("latest").unwrap())
    }

    /// How often JUnit has this property.
    fn properties(junit: &str, name: &str, value: &str) -> usize {
        junit.matches(&format!("name=\"{name}\" value=\"{value}\"")).count()
    }

    #[test]
    fn json_junit_and_html_agree_on_every_scenario() {
        let report = report();
        let (html, junit, json) = written(&report);
        assert_eq!(json, report);
        for verdict in Verdict::ALL {
            let count = report.count(verdict);
            let shown = html.matches(&format!("data-verdict=\"{verdict}\"")).count();
            assert_eq!(shown, count, "html and json on {verdict}");
            let cases = properties(&junit, "verdict", verdict.name());
            assert_eq!(cases, count, "junit and json on {verdict}");
        }
        for scenario in &report.scenarios {
            let address = scenario.address.to_string();
            assert!(junit.contains(&format!("classname=\"{address}\"")), "junit lacks {address}");
            assert!(html.contains(&address), "html lacks {address}");
        }
    }

    #[test]
    fn json_junit_and_html_agree_on_controls_result_and_reasons() {
        for report in [report(), broken()] {
            let (html, junit, _json) = written(&report);
            for proven in [true, false] {
                let count =
                    report.controls.iter().filter(|control| control.proven == proven).count();
                let shown = html.matches(&format!("data-proven=\"{proven}\"")).count();
                assert_eq!(shown, count, "html and json on controls proven: {proven}");
                let cases = properties(&junit, "proven", &proven.to_string());
                assert_eq!(cases, count, "junit and json on controls proven: {proven}");
            }
            assert!(html.contains(&format!("data-result=\"{}\"", report.result)));
            assert_eq!(properties(&junit, "exit_code", &report.exit_code.code().to_string()), 1);
            for reason in &report.reasons {
                assert!(html.contains(reason) && junit.contains(reason), "{reason}");
            }
        }
    }

    #[test]
    fn a_run_of_controls_is_not_the_latest_run() {
        let temporary = tempfile::tempdir().unwrap();
        let folder = Folder::new(temporary.path().to_owned());
        folder.write(&Report { mode: Mode::Prove, ..report() }).unwrap();
        assert!(folder.read("latest").is_err());
        assert_eq!(folder.read("latest-prove").unwrap().mode, Mode::Prove);
    }

    #[test]
    fn a_missing_report_names_the_next_command() {
        let error = read(Path::new("/nowhere/report.json")).unwrap_err().to_string();
        assert!(error.ends_with("run `make conformance`"), "{error}");
    }
}
