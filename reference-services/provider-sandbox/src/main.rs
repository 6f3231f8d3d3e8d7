//! provider-sandbox.

fn main() {}
