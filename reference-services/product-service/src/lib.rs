//! Products: what there is, what it costs, and how much of it is left.

mod caches;
mod catalogue;
mod domain;
mod http;
mod settings;
mod stock;
mod store;

use ecotrack_chassis::{Application, Chassis, config::Settings, metrics::Counter};
use ecotrack_events::Topic;
use sqlx::migrate::Migrator;

use caches::Caches;
use catalogue::Catalogue;
use http::AppState;
use settings::ReservationTimes;
use stock::{Expiry, LateChanges, OrderOutcomes, Stock};

static MIGRATIONS: Migrator = sqlx::migrate!();

/// Orders that cannot be delivered, as the telemetry registry names them.
fn without_stock(chassis: &mut Chassis) -> Counter {
    let orders = Counter::default();
    let help =
        "Orders that were paid after their reservation ended and for which not enough is left";
    chassis.registry().register("orders_without_stock", help, orders.clone());
    orders
}

/// Puts the service together.
pub async fn build(settings: Settings) -> anyhow::Result<Application> {
    let mut chassis = Chassis::new(settings);
    let times = ReservationTimes::load(chassis.settings())?;
    let database = chassis.database(&MIGRATIONS)?;
    let caches = Caches::new(&chassis.cache()?);
    let state = AppState {
        catalogue: Catalogue::new(database.clone(), caches.clone()),
        stock: Stock::new(database.clone(), caches.clone(), times.hold),
        verifier: chassis.verifier()?,
    };
    let changes = LateChanges::default();
    changes.start(caches.clone(), chassis.workers());
    let without_stock = without_stock(&mut chassis);
    chassis.consume(&database, &[Topic::Order], OrderOutcomes::new(changes, without_stock))?;
    Expiry::new(database, caches, times.grace).start(chassis.workers());
    let (routes, openapi) = http::routes();
    chassis.serve(routes.with_state(state), openapi).await
}
