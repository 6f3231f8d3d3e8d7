//! platform.

fn main() {}
