//! Reading rows and records of one moment.

use std::time::Duration;

use ecotrack_invariants::contract::Consumers;
use ecotrack_invariants::drain::Rest;
use ecotrack_invariants::source::{Sources, postgres};

use crate::broker::Broker;
use crate::ledger::provider;
use crate::server::database;
use crate::shop::{migrate, sell};

#[tokio::test]
async fn what_is_read_while_somebody_is_at_work_was_not_at_rest() {
    let (broker, url) = (Broker::start(), database().await);
    // Its event is never sent.
    sell(&mut migrate(&url).await).await;
    let sources = Sources {
        database: postgres::connect(&url).unwrap(),
        kafka: broker.source.clone(),
        ledger: provider(Vec::new()).await,
        replica: None,
        traces: None,
        logs: Vec::new(),
        consumers: Consumers::registered().unwrap(),
        steady_within: Duration::from_millis(300),
    };
    let mut rest = Rest::at_once();
    let observed = sources.observe(&[], &mut rest).await.unwrap();
    assert_eq!(observed.database.outbox.len(), 1);
    assert_eq!(rest.left, ["rows and records that changed while they were read"]);
}
