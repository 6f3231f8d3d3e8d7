//! From the start of the process to its first answer, and what it holds in memory after load.

use std::time::{Duration, Instant};

use anyhow::Context as _;

use super::{drive::drive, rounds::Scale, usage::resident_mib};
use crate::{
    name::Name,
    report::Report,
    service::Service,
    shop::Shop,
    stack::{Stack, client},
};

/// From the start to the first 200.
const FIRST_ANSWER: Duration = Duration::from_millis(150);
/// Resident memory after load, in MiB.
const RESIDENT: u64 = 60;
/// Starts of which the median counts.
const STARTS: usize = 5;
const LIVENESS: &str = "/actuator/health/liveness";
/// How often a starting service is asked.
const OFTEN: Duration = Duration::from_millis(1);

pub(super) async fn run(stack: &Stack, scale: &Scale) -> anyhow::Result<Report> {
    let mut report = Report::new("start to first 200, and memory after load");
    for name in Name::SERVICES {
        let service = stack.service(name)?;
        let mut starts = Vec::new();
        for _ in 0..STARTS {
            starts.push(first_answer(service).await?);
        }
        starts.sort();
        let median = starts.get(STARTS / 2).copied().context("no start")?;
        let is_fast = median <= FIRST_ANSWER;
        report.judged(
            &format!("{name}: start to first 200"),
            "<= 150 ms",
            &format!("{median:.0?}"),
            is_fast,
        );
        service.await_ready().await?;
    }
    let customer = stack.accounts().register().await?;
    let shop = Shop::of(stack)?;
    let order = shop.order(&customer, shop.add_product(1).await?, "load").await?.body;
    let payment = shop.pay(&customer, &order, "load").await?.body;
    let payment = payment["payment_id"].as_str().context("no payment")?;
    for (name, path) in loaded(customer.user_id, payment) {
        let service = stack.service(name)?;
        drive(service, &path, Some(&customer.token), scale.time).await?;
        let resident = resident_mib(service.process_id().context("it does not run")?)?;
        report.judged(
            &format!("{name}: resident after load"),
            "<= 60 MiB",
            &format!("{resident} MiB"),
            resident <= RESIDENT,
        );
    }
    Ok(report)
}

/// A read of each service that goes to its database or its cache.
fn loaded(user_id: uuid::Uuid, payment: &str) -> [(Name, String); 5] {
    [
        (Name::UserService, format!("/api/users/{user_id}")),
        (Name::ProductService, "/api/products".to_owned()),
        (Name::OrderService, "/api/orders".to_owned()),
        (Name::PaymentService, format!("/api/payments/{payment}")),
        (Name::NotificationService, "/api/notifications".to_owned()),
    ]
}

async fn first_answer(service: &Service) -> anyhow::Result<Duration> {
    let (http, url) = (client()?, service.base().join(LIVENESS)?);
    service.kill()?;
    let began = Instant::now();
    service.start()?;
    while !http.get(url.clone()).send().await.is_ok_and(|answer| answer.status().is_success()) {
        anyhow::ensure!(
            began.elapsed() < Duration::from_secs(30),
            "{} does not answer",
            service.name()
        );
        tokio::time::sleep(OFTEN).await;
    }
    Ok(began.elapsed())
}
