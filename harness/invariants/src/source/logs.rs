//! JSON log lines in files: how many carry which trace id.

use std::collections::{BTreeMap, HashSet};
use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use serde::Deserialize;

#[derive(Deserialize)]
struct Line {
    #[serde(rename = "traceId")]
    trace_id: Option<String>,
}

/// Counts lines by the trace ids that are looked for, in files and in the files of folders. Lines that are not JSON are nobody's.
pub fn count(paths: &[PathBuf], ids: &[&str]) -> anyhow::Result<BTreeMap<String, u64>> {
    let wanted: HashSet<&str> = ids.iter().copied().collect();
    let mut counted = BTreeMap::new();
    for file in
        paths.iter().map(|path| files(path)).collect::<anyhow::Result<Vec<_>>>()?.iter().flatten()
    {
        let lines = BufReader::new(
            File::open(file).with_context(|| format!("cannot read {}", file.display()))?,
        )
        .lines();
        for line in lines {
            let line = line.with_context(|| format!("cannot read {}", file.display()))?;
            let found = serde_json::from_str::<Line>(&line).ok().and_then(|line| line.trace_id);
            if let Some(id) = found.filter(|id| wanted.contains(id.as_str())) {
                *counted.entry(id).or_default() += 1;
            }
        }
    }
    Ok(counted)
}

fn files(path: &Path) -> anyhow::Result<Vec<PathBuf>> {
    if !path.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let entries =
        std::fs::read_dir(path).with_context(|| format!("cannot read {}", path.display()))?;
    let paths: Vec<PathBuf> =
        entries.map(|entry| entry.map(|entry| entry.path())).collect::<Result<_, _>>()?;
    Ok(paths.into_iter().filter(|path| path.is_file()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_counted_by_trace_and_strangers_are_passed_over() {
        let dir = tempfile::tempdir().unwrap();
        let lines = "{\"traceId\":\"a\"}\nnot json\n{\"traceId\":\"b\"}\n{\"message\":\"no trace\"}\n{\"traceId\":\"a\"}\n";
        std::fs::write(dir.path().join("one.log"), lines).unwrap();
        let counted = count(&[dir.path().to_owned()], &["a", "c"]).unwrap();
        assert_eq!(counted, BTreeMap::from([("a".to_owned(), 2)]));
    }
}
