//! What services hold in memory after load: that of the benchmarks before, and reads that go to their database or cache.

use anyhow::Context as _;
use ecotrack_stack::{
    Name, Shop, Stack,
    bench::{
        drive::{Target, drive},
        rounds::Scale,
        usage::resident_mib,
    },
    report::Report,
};
use uuid::Uuid;

/// Resident memory after load, in MiB.
const MOST: u64 = 60;

pub(crate) async fn run(stack: &Stack, scale: &Scale) -> anyhow::Result<Report> {
    let mut report = Report::new("resident memory after load");
    let (shop, customer) = (Shop::of(stack)?, stack.accounts().register().await?);
    let order = shop.order(&customer, shop.add_product(1).await?, "load").await?.body;
    let payment = shop.pay(&customer, &order, "load").await?.body;
    let payment = payment["payment_id"].as_str().context("no payment")?;
    for (name, path) in loaded(customer.user_id, payment) {
        let service = stack.service(name)?;
        drive(&Target::of(service, &path, Some(&customer.token))?, scale.time).await?;
        let resident = resident_mib(service.process_id()?)?;
        let (expected, measured) = (format!("<= {MOST} MiB"), format!("{resident} MiB"));
        report.judged(name.as_str(), &expected, &measured, resident <= MOST);
    }
    Ok(report)
}

/// A read of each service that goes to its database or its cache.
fn loaded(user_id: Uuid, payment: &str) -> [(Name, String); 5] {
    [
        (Name::UserService, format!("/api/users/{user_id}")),
        (Name::ProductService, "/api/products".to_owned()),
        (Name::OrderService, "/api/orders".to_owned()),
        (Name::PaymentService, format!("/api/payments/{payment}")),
        (Name::NotificationService, "/api/notifications".to_owned()),
    ]
}
