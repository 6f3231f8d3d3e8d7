//! The service as a process.

use anyhow::{Context as _, Result, ensure};
use ecotrack_chassis::test_support::eventually;

use crate::helpers::TestApp;

#[tokio::test]
async fn what_is_in_its_memory_is_never_dumped() -> Result<()> {
    let app = TestApp::without_service().await?;
    let mut process = app.spawn()?;
    let limits = format!("/proc/{}/limits", process.id().context("it ended")?);
    eventually(|| async {
        let limits = std::fs::read_to_string(&limits)?;
        let core = limits.lines().find(|line| line.starts_with("Max core file size"));
        let core: Vec<_> = core.unwrap_or_default().split_whitespace().collect();
        ensure!(core.ends_with(&["0", "0", "bytes"]), "{core:?}");
        Ok(())
    })
    .await?;
    Ok(process.kill().await?)
}
