//! Notifications as plain values: which event is worth one, what it says, when it is tried again. No I/O.

pub mod category;
pub mod channel;
pub mod draft;
pub mod message;
pub mod notification;
pub mod outcome;
pub mod phone;
pub mod preferences;
pub mod report;
pub mod schedule;
pub mod status;
pub mod template;
