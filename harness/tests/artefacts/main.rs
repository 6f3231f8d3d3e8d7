//! tests/artefacts/main.rs

fn main() {}
