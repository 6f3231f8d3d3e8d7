//! What can be done with orders: each use case decides with the domain and makes state and event one transaction.

mod admit;
mod cancel;
mod expire;
mod give_back;
mod open_payment;
mod place;
mod transition;

use ecotrack_chassis::outbox::Outbox;
use ecotrack_chassis::postgres::Database;

use crate::clients::{Catalogue, Profiles};
use crate::metrics::OrderMetrics;

pub(crate) use open_payment::Opening;
pub(crate) use place::{Placed, Wish};
pub(crate) use transition::{AdvanceError, advance};

/// The use cases, with all they need.
#[derive(Clone)]
pub(crate) struct Orders {
    database: Database,
    outbox: Outbox,
    catalogue: Catalogue,
    profiles: Profiles,
    metrics: OrderMetrics,
    most_open: u32,
}

impl Orders {
    /// Puts the use cases together. A customer has at most `most_open` orders that are neither paid nor ended.
    #[must_use]
    pub(crate) const fn new(
        database: Database,
        outbox: Outbox,
        catalogue: Catalogue,
        profiles: Profiles,
        metrics: OrderMetrics,
        most_open: u32,
    ) -> Self {
        Self { database, outbox, catalogue, profiles, metrics, most_open }
    }

    /// The database, for plain reads.
    #[must_use]
    pub(crate) const fn database(&self) -> &Database {
        &self.database
    }
}
