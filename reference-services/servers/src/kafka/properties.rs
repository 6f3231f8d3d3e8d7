//! `server.properties`.

use std::path::Path;

use super::PARTITIONS;
use crate::{Access, Certificates};

/// Tests make thousands of small partitions and read each once: no compaction, small indexes.
const OPEN: &str = "log.cleaner.enable=false\nlog.index.size.max.bytes=65536\n";

pub(super) fn properties(
    folder: &Path,
    certificates: &Certificates,
    access: Access,
    ports: [u16; 3],
) -> String {
    let [secured, plain, controller] = ports;
    let (data, both, ca) =
        (folder.join("data"), certificates.both.display(), certificates.ca.display());
    let data = data.display();
    let listeners = format!(
        "SASL_SSL://127.0.0.1:{secured},PLAINTEXT://127.0.0.1:{plain},CONTROLLER://127.0.0.1:{controller}"
    );
    let own = match access {
        Access::Platform => "",
        Access::Open => OPEN,
    };
    format!(
        "process.roles=broker,controller\nnode.id=1\ncontroller.quorum.bootstrap.servers=127.0.0.1:{controller}\n\
         listeners={listeners}\nadvertised.listeners={listeners}\ncontroller.listener.names=CONTROLLER\n\
         inter.broker.listener.name=PLAINTEXT\n\
         listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT,SASL_SSL:SASL_SSL\n\
         sasl.enabled.mechanisms=SCRAM-SHA-512\n\
         listener.name.sasl_ssl.scram-sha-512.sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required;\n\
         ssl.keystore.type=PEM\nssl.keystore.location={both}\nssl.truststore.type=PEM\nssl.truststore.location={ca}\n\
         log.dirs={data}\nauto.create.topics.enable=false\nnum.partitions={PARTITIONS}\ndefault.replication.factor=1\n\
         offsets.topic.replication.factor=1\noffsets.topic.num.partitions={PARTITIONS}\n\
         transaction.state.log.replication.factor=1\ntransaction.state.log.min.isr=1\ntransaction.state.log.num.partitions=3\n\
         share.coordinator.state.topic.replication.factor=1\nshare.coordinator.state.topic.min.isr=1\n\
         share.coordinator.state.topic.num.partitions=1\ngroup.initial.rebalance.delay.ms=0\n{own}"
    )
}
