//! What time does to what was told: outboxes are pruned, then topics.

use chrono::TimeDelta;

use super::World;

impl World {
    /// A day and more goes by, so that no outbox knows any more what it sent.
    pub(crate) fn day_later(&mut self) {
        self.clock += TimeDelta::hours(25);
        self.history.observed.database.outbox.clear();
    }

    /// A week and more goes by, so that Kafka has thrown all records away, and some of every partition.
    pub(crate) fn week_later(&mut self) {
        self.day_later();
        self.clock += TimeDelta::days(7);
        let kafka = &mut self.history.observed.kafka;
        kafka.records.clear();
        for log in &mut kafka.logs {
            log.high = log.high.max(1);
            log.low = log.high;
        }
    }
}
