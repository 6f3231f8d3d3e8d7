//! What the business wants to know about users.

use std::time::Duration;

use ecotrack_chassis::metrics::{Buckets, Histograms, LATENCY_BUCKETS};
use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{counter::Counter, family::Family, histogram::Histogram},
    registry::Registry,
};

/// Buckets of session durations, in seconds.
const SESSION_BUCKETS: [f64; 8] = [1.0, 10.0, 30.0, 60.0, 120.0, 300.0, 600.0, 900.0];
/// The only way to register and to log in, so far.
const EMAIL: &str = "email";
const PASSWORD: &str = "password";

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RegistrationLabels {
    registration_type: &'static str,
    source: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct LoginLabels {
    authentication_method: &'static str,
    success: &'static str,
}

/// The service's own metrics.
#[derive(Clone)]
pub(crate) struct Metrics {
    registrations: Family<RegistrationLabels, Counter>,
    logins: Histograms<LoginLabels>,
    sessions: Histogram,
}

impl Metrics {
    pub(crate) fn register(registry: &mut Registry) -> Self {
        let metrics = Self {
            registrations: Family::default(),
            logins: Histograms::new_with_constructor(Buckets(LATENCY_BUCKETS)),
            sessions: Histogram::new(SESSION_BUCKETS),
        };
        registry.register(
            "user_registrations",
            "Registrations accepted",
            metrics.registrations.clone(),
        );
        let help = "Duration of a login attempt, password check included";
        registry.register("user_login_duration_seconds", help, metrics.logins.clone());
        registry.register(
            "user_session_duration_seconds",
            "From login to logout",
            metrics.sessions.clone(),
        );
        metrics
    }

    pub(crate) fn registered(&self, source: &'static str) {
        self.registrations
            .get_or_create(&RegistrationLabels { registration_type: EMAIL, source })
            .inc();
    }

    pub(crate) fn login(&self, success: bool, took: Duration) {
        let success = if success { "true" } else { "false" };
        let labels = LoginLabels { authentication_method: PASSWORD, success };
        self.logins.get_or_create(&labels).observe(took.as_secs_f64());
    }

    pub(crate) fn logout(&self, session: Duration) {
        self.sessions.observe(session.as_secs_f64());
    }
}
