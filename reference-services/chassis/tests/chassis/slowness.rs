//! A PostgreSQL that takes long to open a connection, as in a crowd.

use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use ecotrack_chassis::test_support::eventually;

use crate::{
    database::{bench_with_login_in, make_login, user_of},
    proxy::behind_proxy,
};

/// Nobody waits for a few of these one after another.
const OPENING: Duration = Duration::from_secs(2);
/// Longest until the new login is in use.
const PATIENCE: Duration = Duration::from_secs(15);

#[tokio::test]
async fn credentials_change_also_while_connections_are_opened_slowly() -> Result<()> {
    let (fixture, proxy) = behind_proxy().await?;
    let (bench, owner, _) = bench_with_login_in(fixture).await?;
    let new = make_login(&bench.fixture.database, &owner).await?;
    proxy.delay_new(OPENING);
    bench.fixture.database.mount(&new, "unused")?;
    let changed = eventually(|| async {
        ensure!(user_of(&bench.database).await? == new, "still the old login");
        Ok(())
    });
    tokio::time::timeout(PATIENCE, changed).await.context("still the old login")?
}
