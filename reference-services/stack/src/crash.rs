//! Killing services under load, and judging what is left: nothing that a customer was told may be untrue.

mod afterwards;
mod gauntlet;
mod load;
mod points;
mod random;
mod verdict;

pub use gauntlet::gauntlet;
pub use points::{POINTS, Point, at_points};
pub use random::{Kills, at_random};
