//! `db_pool_connections`, read when Prometheus asks. Always present: it is also the service's sign of life.

use std::fmt;

use prometheus_client::{
    collector::Collector,
    encoding::{DescriptorEncoder, EncodeMetric as _},
    metrics::{MetricType, gauge::ConstGauge},
    registry::Registry,
};

use super::Database;

struct PoolGauge(Database);

pub(super) fn register(database: &Database, registry: &mut Registry) {
    registry.register_collector(Box::new(PoolGauge(database.clone())));
}

impl fmt::Debug for PoolGauge {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("PoolGauge")
    }
}

impl Collector for PoolGauge {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), fmt::Error> {
        let (size, idle) =
            self.0.pool().map_or((0, 0), |pool| (i64::from(pool.size()), pool.num_idle()));
        let idle = i64::try_from(idle).unwrap_or(i64::MAX);
        let help = "Connections of the database pool";
        let mut family =
            encoder.encode_descriptor("db_pool_connections", help, None, MetricType::Gauge)?;
        for (state, value) in [("idle", idle), ("used", (size - idle).max(0))] {
            ConstGauge::new(value).encode(family.encode_family(&[("state", state)])?)?;
        }
        Ok(())
    }
}
