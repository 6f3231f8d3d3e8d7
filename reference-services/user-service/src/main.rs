//! user-service.

fn main() {}
