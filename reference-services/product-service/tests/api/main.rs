//! product-service through its HTTP interface, on real servers.

mod catalogue;
mod helpers;
mod orders;
mod reservations;
