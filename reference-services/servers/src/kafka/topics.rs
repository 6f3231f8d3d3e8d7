//! Making topics.

use std::time::Duration;

use anyhow::bail;
use ecotrack_events::Topic;
use rdkafka::{
    ClientConfig,
    admin::{AdminClient, AdminOptions, NewTopic, TopicReplication},
    client::DefaultClientContext,
    types::RDKafkaErrorCode,
};

/// Longest one attempt to make topics may take.
const TIMEOUT: Duration = Duration::from_secs(5);
/// Partitions of a topic, as on the platform.
pub const PARTITIONS: i32 = 3;

/// Makes topics of one Kafka.
pub struct Topics(AdminClient<DefaultClientContext>);

impl Topics {
    /// Of the Kafka at a plain address, which need not be there yet.
    pub fn at(brokers: &str) -> anyhow::Result<Self> {
        let mut config = ClientConfig::new();
        config.set("bootstrap.servers", brokers).set("log_level", "0");
        Ok(Self(config.create()?))
    }

    /// The platform's topics, each with its dead-letter topic, under a prefix.
    #[must_use]
    pub fn of_platform(prefix: &str) -> Vec<String> {
        let both = |topic: &Topic| {
            let name = format!("{prefix}{}", topic.name());
            [format!("{name}.dlt"), name]
        };
        Topic::ALL.iter().flat_map(both).collect()
    }

    /// Makes those that are not there.
    pub async fn make(&self, names: &[String]) -> anyhow::Result<()> {
        let topics: Vec<_> = names
            .iter()
            .map(|name| NewTopic::new(name, PARTITIONS, TopicReplication::Fixed(1)))
            .collect();
        let options = AdminOptions::new().request_timeout(Some(TIMEOUT));
        for made in self.0.create_topics(&topics, &options).await? {
            match made {
                Ok(_) | Err((_, RDKafkaErrorCode::TopicAlreadyExists)) => {}
                Err((name, code)) => bail!("topic {name} was not made: {code}"),
            }
        }
        Ok(())
    }
}
