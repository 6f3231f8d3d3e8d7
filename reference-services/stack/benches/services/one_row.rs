//! One row, read by a service through its repository and pool, against the same handler on the driver alone.

use anyhow::{Context as _, ensure};
use ecotrack_stack::{
    Name, Shop, Stack,
    bench::{
        drive::{Target, drive, http},
        rounds::{Rounds, Scale, Side},
    },
    report::Report,
};
use serde_json::Value;

use crate::baseline::Baseline;

/// CPU of the service over CPU of the driver alone.
const MOST: f64 = 1.35;

pub(crate) async fn run(stack: &Stack, scale: &Scale) -> anyhow::Result<Report> {
    let (shop, customer) = (Shop::of(stack)?, stack.accounts().register().await?);
    let order = shop.order(&customer, shop.add_product(1).await?, "one-row").await?.body;
    let payment = shop.pay(&customer, &order, "one-row").await?.body;
    let id = payment["payment_id"].as_str().with_context(|| format!("no payment: {payment}"))?;
    let (path, token) = (format!("/api/payments/{id}"), Some(customer.token.as_str()));
    let baseline = Baseline::start(stack, "{}").await?;
    let raw = baseline.target(&path, token)?;
    let ours = Target::of(stack.service(Name::PaymentService)?, &path, token)?;
    ensure_same(&raw, &ours).await?;
    let finer = scale.finer();
    let rounds = Rounds::measure(finer.rounds, async |side| match side {
        Side::A => drive(&raw, finer.time).await,
        Side::B => drive(&ours, finer.time).await,
    });
    let mut report = Report::new(
        "one row through the repository (GET /api/payments/{id}) against the same handler on tokio-postgres, both with TLS",
    );
    rounds.await?.judge_cpu(scale, &mut report, MOST, ("raw driver", "repository"));
    Ok(report)
}

/// Only what answers the same can be compared.
async fn ensure_same(raw: &Target, ours: &Target) -> anyhow::Result<()> {
    let http = http()?;
    let read = async |target: &Target| {
        Ok::<Value, anyhow::Error>(serde_json::from_slice(&target.ask(&http).await?)?)
    };
    let (raw, ours) = (read(raw).await?, read(ours).await?);
    ensure!(raw == ours, "the baseline answers {raw}, the service {ours}");
    Ok(())
}
