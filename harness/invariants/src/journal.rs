//! The client's journal: what was asked, written down before it was sent, and what was answered, written down at once.
//!
//! One JSON document a line. A line that says "sent" is on the disk before the request leaves, so nothing can happen in the
//! world that the journal does not know of. Whoever writes it is touched by no fault.

mod line;
mod operation;
mod reading;
mod recorder;

pub use operation::{Action, Answer, Item, Operation, Outcome, Request};
pub use reading::{Journal, ReadError, read, read_all};
pub use recorder::{Pending, Recorder};
