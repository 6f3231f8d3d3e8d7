//! notification-service.

fn main() {}
