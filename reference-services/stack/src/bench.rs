//! What benchmarks are made of: rounds of two sides, load, latencies, and what processes have used.
//!
//! CPU seconds per 1,000 requests come first: on a busy machine they move least. Rounds are interleaved (A, B, B, A), and the
//! two A of a round say how far apart the same thing measures.

pub mod drive;
pub mod latency;
pub mod rounds;
pub mod script;
pub mod statements;
pub mod usage;
