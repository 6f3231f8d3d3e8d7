//! Customers who play: they register, order, pay, cancel, look and ask again, at a rate, and write down everything.
//!
//! The load is an open model: visits begin on time whether or not earlier ones have ended, so a slow system cannot slow the
//! load down; only when [`Settings::most_visits`] are under way is a visit left out, and that is counted. Who does what, and
//! with which keys, follows from the seed.

mod customer;
mod shop;
mod visit;

use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::Instant;
use url::Url;

use crate::journal::Recorder;
use crate::patience::until;
use customer::Customer;
use shop::Shop;
pub use visit::Fate;

/// Where the services are. Behind a gateway all four are the same.
#[derive(Debug, Clone)]
pub struct Addresses {
    /// user-service.
    pub users: Url,
    /// product-service.
    pub products: Url,
    /// order-service.
    pub orders: Url,
    /// payment-service.
    pub payments: Url,
}

/// How much is played, and how.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Where the services are.
    pub addresses: Addresses,
    /// What everything that is chosen follows from.
    pub seed: u64,
    /// Sets runs of one seed apart: part of accounts' names.
    pub run: String,
    /// Accounts. Their number bounds how much one account does at a time.
    pub customers: usize,
    /// Visits that begin in a second. A visit is about four requests.
    pub visits_per_second: f64,
    /// How long visits begin.
    pub duration: Duration,
    /// Visits under way at most.
    pub most_visits: usize,
    /// How long an answer is waited for.
    pub answer_within: Duration,
    /// How long a session is used at most; with little of its time left it is begun again earlier.
    pub session_for: Duration,
}

/// What was played.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct Played {
    /// Visits that began.
    pub visits: u64,
    /// Visits that were left out because too many were under way.
    pub left_out: u64,
    /// Visits a second, as they really began.
    pub true_rate: f64,
    /// Visits that ended early because no answer came to anything.
    pub given_up: u64,
}

/// Plays. Fails only when nothing can be played at all, or the journal cannot be written.
pub async fn play(settings: &Settings, recorder: &Recorder) -> anyhow::Result<Played> {
    let shop = Arc::new(Shop::open(settings, recorder.clone())?);
    let customers = sign_up(settings, &shop).await?;
    let room = Arc::new(Semaphore::new(settings.most_visits));
    let (mut played, mut visits) = (Played::default(), JoinSet::new());
    let began = Instant::now();
    for number in 0_u64.. {
        let moment = began + offset(number, settings.visits_per_second);
        if moment.duration_since(began) >= settings.duration {
            break;
        }
        until(moment).await;
        let Ok(permit) = Arc::clone(&room).try_acquire_owned() else {
            played.left_out += 1;
            continue;
        };
        let customer = visit::choose_customer(settings.seed, number, &customers);
        let (shop, seed) = (Arc::clone(&shop), settings.seed);
        played.visits += 1;
        visits.spawn(async move {
            let _room = permit;
            visit::visit(&shop, &customer, seed, number).await
        });
    }
    played.true_rate = rate(played.visits, began.elapsed());
    while let Some(ended) = visits.join_next().await {
        played.given_up += u64::from(!ended??);
    }
    Ok(played)
}

async fn sign_up(settings: &Settings, shop: &Arc<Shop>) -> anyhow::Result<Vec<Arc<Customer>>> {
    anyhow::ensure!(settings.customers > 0, "nobody plays without customers");
    let mut customers = Vec::new();
    // One after the other: a password costs a good part of a second of the server's time.
    for number in 0..settings.customers {
        customers.push(Arc::new(Customer::sign_up(shop, settings, number).await?));
    }
    Ok(customers)
}

fn offset(number: u64, per_second: f64) -> Duration {
    #[expect(clippy::cast_precision_loss, reason = "no load has that many visits")]
    let number = number as f64;
    Duration::try_from_secs_f64(number / per_second).unwrap_or(Duration::MAX)
}

fn rate(count: u64, elapsed: Duration) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "no load has that many visits")]
    let count = count as f64;
    count / elapsed.as_secs_f64().max(f64::EPSILON)
}
