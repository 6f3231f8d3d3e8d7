//! The chassis on real servers: what every service relies on.

mod database;
mod helpers;
mod inbox;
mod lifecycle;
mod outbox;
