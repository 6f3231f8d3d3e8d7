//! order-service.

fn main() {}
