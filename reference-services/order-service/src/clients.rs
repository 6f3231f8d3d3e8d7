//! The services that order-service asks.

mod catalogue;
mod profiles;

pub(crate) use catalogue::Catalogue;
pub(crate) use profiles::Profiles;
