//! The one place that lets time pass.

use std::thread;
use std::time::Duration;

/// Lets a moment pass between two looks at something no event tells about.
#[expect(
    clippy::disallowed_methods,
    reason = "no asynchronous runtime here: this program waits in plain threads"
)]
pub fn pause(moment: Duration) {
    thread::sleep(moment);
}
