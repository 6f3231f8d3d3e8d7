//! Every duration the harness waits, one field per condition, each with its reason.

use std::time::Duration;

/// How long each condition may take. Ceilings, not expectations: a wait ends as soon as its condition holds.
#[derive(Debug, Clone)]
pub struct Timeouts {
    /// Reaching the API server and reading its version; a wrong context is reported inside this time.
    pub cluster_answer: Duration,
    /// One request to the Kubernetes API, a component or a service.
    pub request: Duration,
    /// A way through a port-forward to a ready pod, before the first byte; less than `request`.
    pub forward: Duration,
    /// One program run inside a pod.
    pub exec: Duration,
    /// A probe pod scheduled, injected and ready.
    pub probe_ready: Duration,
    /// An object gone after its deletion, finalizers included.
    pub deletion: Duration,
    /// How long an answer about everything, or about nothing more, must stay the same before it counts as settled.
    pub settled: Duration,
    /// A state change visible through a service's own interface, events included.
    pub journey: Duration,
    /// A record published by an outbox and readable on its topic.
    pub event: Duration,
    /// A provider call visible in the sandbox's ledger.
    pub ledger: Duration,
    /// A request counted in a query answer: scrape interval, evaluation and query together.
    pub metric: Duration,
    /// A target of Prometheus up after its pod is ready.
    pub target_up: Duration,
    /// A recording rule evaluated after its inputs changed.
    pub rule: Duration,
    /// A log line searchable after it was written.
    pub log: Duration,
    /// A complete trace searchable after its last span ended.
    pub trace: Duration,
    /// An alert pending after its cause exists.
    pub alert_pending: Duration,
    /// An alert firing and delivered: `for`, evaluation, routing and group wait together.
    pub alert_delivered: Duration,
    /// A new pair of database credentials in use by the pods after the lease ends.
    pub credentials_rotated: Duration,
    /// The old database role refused by PostgreSQL after its lease ended.
    pub role_gone: Duration,
    /// A changed or deleted secret visible in Kubernetes after the change at its source.
    pub secret_synced: Duration,
    /// A fault or sabotage in force after it was asked for.
    pub fault_armed: Duration,
    /// A fault or sabotage no longer in force after it was taken back.
    pub fault_gone: Duration,
    /// A fault's life when nobody takes it back.
    pub fault_life: Duration,
    /// The life of what a provider is made to do wrong when nobody takes it back; the sandbox ends it, after 300 s at most.
    pub provider_fault: Duration,
    /// How often a run says in the cluster that it is alive.
    pub heartbeat: Duration,
    /// A run that has not said so for this long is dead, and `sweep` takes away what it left.
    pub presumed_dead: Duration,
    /// Taking away everything a run made, at its end.
    pub cleanup: Duration,
    /// The whole run.
    pub run: Duration,
}

impl Timeouts {
    /// The ceilings for a quiet two-core machine, with room for a busy one.
    #[must_use]
    pub fn standard() -> Self {
        const fn seconds(count: u64) -> Duration {
            Duration::from_secs(count)
        }
        Self {
            cluster_answer: seconds(4),
            request: seconds(15),
            forward: seconds(10),
            exec: seconds(30),
            probe_ready: seconds(90),
            deletion: seconds(60),
            settled: seconds(2),
            journey: seconds(30),
            event: seconds(30),
            ledger: seconds(30),
            metric: seconds(60),
            target_up: seconds(90),
            rule: seconds(60),
            log: seconds(45),
            trace: seconds(60),
            alert_pending: seconds(90),
            alert_delivered: seconds(240),
            credentials_rotated: seconds(240),
            role_gone: seconds(60),
            secret_synced: seconds(90),
            fault_armed: seconds(120),
            fault_gone: seconds(120),
            fault_life: seconds(480),
            provider_fault: seconds(60),
            heartbeat: seconds(15),
            presumed_dead: seconds(90),
            cleanup: seconds(60),
            run: seconds(3600),
        }
    }
}

impl Default for Timeouts {
    fn default() -> Self {
        Self::standard()
    }
}
