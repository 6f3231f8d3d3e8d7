//! A scenario's own name, in every form the signals carry it.

use std::fmt::Write as _;

use rand::RngCore;
use uuid::Uuid;

/// The ids of one scenario. Nothing a scenario asserts may rest on data without one of them.
#[derive(Debug, Clone)]
pub struct Identity {
    name: String,
    correlation_id: Uuid,
    trace_id: [u8; 16],
}

impl Identity {
    /// Fresh ids.
    #[must_use]
    pub fn generate() -> Self {
        let mut trace_id = [0; 16];
        rand::rng().fill_bytes(&mut trace_id);
        let name = format!("{:08x}", rand::random::<u32>());
        Self { name, correlation_id: Uuid::now_v7(), trace_id }
    }

    /// Eight hexadecimal digits, for names of users, products, pods.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The value of `x-correlation-id`.
    #[must_use]
    pub fn correlation_id(&self) -> Uuid {
        self.correlation_id
    }

    /// The trace id as 32 hexadecimal digits.
    #[must_use]
    pub fn trace_id(&self) -> String {
        hex(&self.trace_id)
    }

    /// A sampled W3C `traceparent` in this scenario's trace, with a new parent span id each time.
    #[must_use]
    pub fn traceparent(&self) -> String {
        let mut span_id = [0; 8];
        rand::rng().fill_bytes(&mut span_id);
        format!("00-{}-{}-01", self.trace_id(), hex(&span_id))
    }

    /// The W3C `baggage` that carries the correlation id to every hop.
    #[must_use]
    pub fn baggage(&self) -> String {
        format!("correlation-id={}", self.correlation_id)
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing into a text cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_scenarios_share_no_id() {
        let (one, other) = (Identity::generate(), Identity::generate());
        assert_ne!(one.correlation_id(), other.correlation_id());
        assert_ne!(one.trace_id(), other.trace_id());
        assert_ne!(one.name(), other.name());
    }

    #[test]
    fn a_traceparent_is_well_formed_sampled_and_in_the_scenarios_trace() {
        let identity = Identity::generate();
        let (first, second) = (identity.traceparent(), identity.traceparent());
        let parts: Vec<&str> = first.split('-').collect();
        assert_eq!([parts[0].len(), parts[1].len(), parts[2].len()], [2, 32, 16]);
        assert_eq!((parts[0], parts[1], parts[3]), ("00", identity.trace_id().as_str(), "01"));
        assert_ne!(first, second);
    }
}
