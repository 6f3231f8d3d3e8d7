//! src/bin/conformance.rs

fn main() {}
