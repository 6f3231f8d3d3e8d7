//! ecotrack-embedded.

fn main() {}
