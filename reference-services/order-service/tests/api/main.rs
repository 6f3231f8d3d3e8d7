//! order-service through its HTTP interface and its topics, on real servers; the services it asks are stood in for.

mod cancelling;
mod following;
mod helpers;
mod migrations;
mod neighbours;
mod placing;
mod reading;
