//! Whether somebody can buy when the faults are over: where nobody can any more, no invariant is broken.

use std::time::Duration;

use ecotrack_servers::patience::eventually;
use uuid::Uuid;

use crate::{persist::persist, report::Report, shop::Shop, stack::Stack};

/// Longest until everything works again. The breaker before the provider is open for half a minute.
const RECOVERED_WITHIN: Duration = Duration::from_secs(90);

/// One customer registers, orders and pays.
pub(super) async fn buy(stack: &Stack, report: &mut Report) {
    let bought = purchase(stack).await;
    let seen = bought.as_ref().map_or_else(|error| format!("{error:#}"), Clone::clone);
    report.judged("a purchase after the faults", "processed", &seen, seen == "processed");
}

/// What became of the payment.
async fn purchase(stack: &Stack) -> anyhow::Result<String> {
    let shop = Shop::of(stack)?;
    let customer = persist(|| stack.accounts().register()).await?;
    let product = persist(|| shop.add_product(1)).await?;
    let key = Uuid::new_v4().to_string();
    let order = eventually(RECOVERED_WITHIN, || async {
        shop.order(&customer, product, &key).await?.created()
    });
    let order = order.await?;
    let payment = eventually(RECOVERED_WITHIN, || async {
        shop.pay(&customer, &order, &key).await?.created()
    });
    Ok(payment.await?["status"].as_str().unwrap_or_default().to_owned())
}
