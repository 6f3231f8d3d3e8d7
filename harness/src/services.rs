//! The five services and the sandbox as a client outside the cluster sees them: black boxes behind HTTP.

mod answer;
mod call;
mod ecotrack;
mod ids;
mod report;
mod sandbox;
mod shapes;
mod steady;
pub mod token;

pub use answer::Answer;
pub use call::{Call, Customer, Session};
pub use ecotrack::{EcoTrack, HOST};
pub use ids::Ids;
pub use report::Report;
pub use sandbox::{ArmedFault, LedgerEntry, ProviderFault, Refund, Sandbox};
pub use shapes::{Money, Order, Product};
pub use steady::{SteadyClient, Tally};
