//! tests/features/main.rs

fn main() {}
