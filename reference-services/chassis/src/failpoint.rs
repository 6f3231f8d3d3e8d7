//! Named crash points: where a test kills the process as `kill -9` would, to see what is left behind.
//!
//! A point is armed by `ECOTRACK_FAILPOINTS=name[:nth][,name…]`: the process dies when it gets there for the nth time, the first
//! unless said. Without the feature `failpoints` the call is empty and no name is in the program.

#[cfg(feature = "failpoints")]
mod armed;

/// Dies here if the point is armed.
#[cfg(feature = "failpoints")]
pub fn hit(name: &str) {
    armed::hit(name);
}

/// Does nothing.
#[cfg(not(feature = "failpoints"))]
#[inline]
pub const fn hit(_: &str) {}
