//! What services tell one another, and who has heard it.

use std::collections::BTreeMap;
use std::mem;

use ecotrack_invariants::contract::{Consumers, NEWS};
use ecotrack_invariants::observed::{Claim, Log, Notification, Offset, OutboxRow, Payload, Record};
use serde_json::Value;
use uuid::Uuid;

use super::World;

const PARTITIONS: i32 = 3;

impl World {
    /// An event, from its outbox row over its record to the claims and notifications of its consumers.
    pub(crate) fn event(
        &mut self,
        service: &str,
        topic: &str,
        key: Uuid,
        event_type: &str,
        payload: &Value,
    ) -> Uuid {
        let event_id = self.id();
        let payload = Payload::Text(payload.to_string());
        let observed = &mut self.history.observed;
        let position = i64::try_from(observed.database.outbox.len()).unwrap() + 1;
        observed.database.outbox.push(OutboxRow {
            service: service.to_owned(),
            position,
            event_id,
            topic: topic.to_owned(),
            key: key.to_string(),
            event_type: event_type.to_owned(),
            payload: payload.clone(),
            is_sent: true,
        });
        let headers = [
            ("ce_id", event_id.to_string()),
            ("ce_type", event_type.to_owned()),
            ("ce_source", service.to_owned()),
            ("ce_time", self.clock.to_rfc3339()),
        ];
        let headers = headers.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        self.produce(topic, &key.to_string(), headers, payload);
        for consumer in Consumers::registered().unwrap().of(topic) {
            self.handle(consumer, event_id, event_type);
        }
        event_id
    }

    /// A record in its key's partition, consumed by everybody.
    pub(crate) fn produce(
        &mut self,
        topic: &str,
        key: &str,
        headers: BTreeMap<String, String>,
        payload: Payload,
    ) {
        let partition = i32::try_from(key.bytes().map(u64::from).sum::<u64>() % 3).unwrap();
        let kafka = &mut self.history.observed.kafka;
        let log = kafka
            .logs
            .iter_mut()
            .find(|log| log.topic == topic && log.partition == partition)
            .unwrap();
        let offset = log.high;
        log.high += 1;
        for one in
            kafka.offsets.iter_mut().filter(|one| one.topic == topic && one.partition == partition)
        {
            one.committed = offset + 1;
        }
        let key = Some(key.to_owned());
        kafka.records.push(Record {
            topic: topic.to_owned(),
            partition,
            offset,
            key,
            headers,
            payload,
        });
    }

    fn handle(&mut self, consumer: &str, event_id: Uuid, event_type: &str) {
        let id = self.id();
        let database = &mut self.history.observed.database;
        database.inbox.push(Claim { consumer: consumer.to_owned(), event_id });
        if consumer == "notification-service" && NEWS.contains(&event_type) {
            let (channel, status) = ("email".to_owned(), "delivered".to_owned());
            database.notifications.push(Notification {
                id,
                user_id: Uuid::nil(),
                event_id,
                channel,
                status,
            });
            self.entry("sendgrid", "mail", &id.to_string(), "accepted", &Value::Null);
        }
    }

    /// Nobody was told of an event.
    pub(crate) fn unsend(&mut self, event: Uuid) {
        let observed = &mut self.history.observed;
        let (unsent, sent): (Vec<_>, Vec<_>) = mem::take(&mut observed.database.notifications)
            .into_iter()
            .partition(|row| row.event_id == event);
        observed.database.notifications = sent;
        let unsent: Vec<_> = unsent.iter().map(|row| Some(row.id.to_string())).collect();
        observed.ledger.retain(|entry| !unsent.contains(&entry.idempotency_key));
    }

    /// Topics as the platform makes them, all empty.
    pub(super) fn open_topics(&mut self) {
        let consumers = Consumers::registered().unwrap();
        let kafka = &mut self.history.observed.kafka;
        for partition in 0..PARTITIONS {
            let log = |topic| Log { topic, partition, low: 0, high: 0 };
            kafka.logs.extend(consumers.all_topics().into_iter().map(log));
            let offset = |(group, topic): (&str, &str)| Offset {
                group: group.to_owned(),
                topic: topic.to_owned(),
                partition,
                committed: 0,
            };
            kafka.offsets.extend(consumers.subscriptions().map(offset));
        }
    }
}
