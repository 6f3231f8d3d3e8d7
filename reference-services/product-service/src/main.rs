//! product-service.

fn main() {}
