//! payment-service.

fn main() {}
