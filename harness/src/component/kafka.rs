//! Events on Kafka, read by a probe pod: brokers advertise names that only resolve inside the cluster.

use std::sync::Arc;

use anyhow::{Context, Result};
use chrono::{DateTime, Utc};
use secrecy::{ExposeSecret, SecretString};

use super::places;
use super::probes::Probes;
use super::secrets::read_key;
use crate::cluster::probe_pod::ProbePod;
use crate::suite::{Component, Suite};

pub use conformance_probe::{Event, EventsAnswer};

const BROKER: &str = "kafka.data.svc.cluster.local:9093";
/// May read every topic and nothing else.
const USER: &str = "conformance";
const TOPICS: &str = "user-events,order-events,payment-events,notification-events";

/// A reader of all topics.
pub struct Kafka {
    probe: Arc<ProbePod>,
    ca: String,
    password: SecretString,
}

impl Component for Kafka {
    async fn connect(suite: &Suite) -> Result<Self> {
        let password =
            read_key(suite, places::CONFORMANCE, "conformance-kafka", "password").await?;
        let ca = places::platform_ca(suite.cluster()).await?;
        let probe = suite.component::<Probes>().await?.plain().await?;
        Ok(Self { probe, ca, password })
    }
}

impl Kafka {
    /// The events of one correlation id on any topic since a time.
    pub async fn fetch_events(
        &self,
        correlation_id: &str,
        since: DateTime<Utc>,
    ) -> Result<EventsAnswer> {
        let since = since.timestamp_millis().to_string();
        let question = [
            "events",
            "--brokers",
            BROKER,
            "--username",
            USER,
            "--ca-pem",
            &self.ca,
            "--topics",
            TOPICS,
        ];
        let search = ["--correlation-id", correlation_id, "--since-ms", &since];
        let arguments: Vec<&str> = question.into_iter().chain(search).collect();
        let answer =
            self.probe.ask_with_input(&arguments, self.password.expose_secret().as_bytes()).await;
        answer.context("events could not be read from Kafka")
    }
}
