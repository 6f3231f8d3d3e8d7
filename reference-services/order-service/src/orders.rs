//! What can be done with orders: each use case decides with the domain and makes state and event one transaction.

mod cancel;
mod open_payment;
mod place;
mod transition;

use ecotrack_chassis::outbox::Outbox;
use ecotrack_chassis::postgres::Database;

use crate::clients::{Catalogue, Profiles};
use crate::metrics::OrderMetrics;

pub(crate) use place::{Placed, Wish};
pub(crate) use transition::{AdvanceError, Change, advance};

/// The use cases, with all they need.
#[derive(Clone)]
pub(crate) struct Orders {
    database: Database,
    outbox: Outbox,
    catalogue: Catalogue,
    profiles: Profiles,
    metrics: OrderMetrics,
}

impl Orders {
    /// Puts the use cases together.
    #[must_use]
    pub(crate) const fn new(
        database: Database,
        outbox: Outbox,
        catalogue: Catalogue,
        profiles: Profiles,
        metrics: OrderMetrics,
    ) -> Self {
        Self { database, outbox, catalogue, profiles, metrics }
    }

    /// The database, for plain reads.
    #[must_use]
    pub(crate) const fn database(&self) -> &Database {
        &self.database
    }
}
