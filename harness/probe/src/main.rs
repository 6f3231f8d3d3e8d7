//! conformance-probe.

fn main() {}
