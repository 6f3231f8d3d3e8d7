//! A PostgreSQL that vanishes without a word: its connections are open and nothing comes on them. New ones work.

use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use axum::Router;
use ecotrack_chassis::{Chassis, test_support::eventually};
use futures::future::try_join_all;
use utoipa::OpenApi as _;

use crate::{
    helpers::{Bench, MIGRATIONS},
    proxy::behind_proxy,
};

#[derive(utoipa::OpenApi)]
struct Document;

/// Longest until transactions begin again.
const PATIENCE: Duration = Duration::from_secs(15);
/// More than have a turn at asking the pool at once.
const CROWD: usize = 8;
/// As many as the pool has.
const ALL: usize = 20;

/// How often readiness is asked before it must say yes.
const LOOKS: usize = 3;

#[tokio::test]
async fn transactions_that_a_vanished_server_does_not_begin_are_in_nobodys_way() -> Result<()> {
    let (fixture, proxy) = behind_proxy().await?;
    let bench = Bench::in_surroundings(fixture).await?;
    let crowd = || try_join_all((0..CROWD).map(|_| bench.database.begin()));
    for transaction in crowd().await? {
        transaction.rollback().await?;
    }
    // A way past the proxy takes as long as giving connections back, and less than they count as just used.
    drop(bench.fixture.database.connect().await?);
    proxy.go_dark();
    tokio::time::timeout(PATIENCE, crowd()).await.context("no transaction began")??;
    Ok(())
}

#[tokio::test]
async fn a_full_pool_whose_server_vanished_has_room_again() -> Result<()> {
    let (fixture, proxy) = behind_proxy().await?;
    let bench = Bench::in_surroundings(fixture).await?;
    let mut held = Vec::new();
    while held.len() < ALL {
        held.push(bench.database.begin().await?);
    }
    proxy.go_dark();
    drop(held);
    let room = eventually(|| async {
        drop(bench.database.begin().await?);
        Ok(())
    });
    tokio::time::timeout(2 * PATIENCE, room).await.context("no room")?
}

#[tokio::test]
async fn a_service_whose_server_vanished_and_came_back_is_ready() -> Result<()> {
    let (fixture, proxy) = behind_proxy().await?;
    let build = async |settings| {
        let mut chassis = Chassis::new(settings);
        chassis.database(&MIGRATIONS)?;
        chassis.serve(Router::new(), Document::openapi()).await
    };
    let service = fixture.start_ready("test-service", build).await?;
    proxy.go_dark();
    // The pool has more connections than that on which nothing comes any more.
    for _ in 0..LOOKS {
        if service.client.get("/actuator/health/readiness").await?.status.is_success() {
            return Ok(());
        }
    }
    bail!("not ready")
}
