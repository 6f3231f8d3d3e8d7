//! Orders as plain values: what may be ordered, what it costs, what may happen to it. No I/O.

pub mod cart;
pub mod change;
pub mod history;
pub mod order;
pub mod payment_fact;
pub mod payment_method;
pub mod region;
pub mod status;
