//! Kafka: one node, broker and controller in one, with the platform's topics.
//!
//! Services come in by SASL and TLS as on the platform. Tools that watch come in by a second listener, plain, on loopback.

use std::{
    ffi::OsString,
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::{Context as _, anyhow};
use ecotrack_events::Topic;
use nix::sys::signal::Signal;
use rdkafka::{
    ClientConfig,
    admin::{AdminClient, AdminOptions, NewTopic, TopicReplication},
    client::DefaultClientContext,
    types::RDKafkaErrorCode,
};

use super::{jars, new_password};
use crate::{
    certificates::Certificates,
    patience::eventually,
    ports,
    process::{Process, Program},
    programs,
    run_folder::RunFolder,
};

const START_DEADLINE: Duration = Duration::from_mins(2);
/// Longest one attempt to make the topics may take.
const ADMIN_TIMEOUT: Duration = Duration::from_secs(5);
/// Partitions of a topic, as on the platform.
const PARTITIONS: i32 = 3;
const CLUSTER: &str = "4L6g3nShTzeMCtKzzX86sw";
const JVM: [&str; 4] = ["-Xmx384m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xshare:auto"];
const LOG4J: &str = "deploy/embedded/images/kafka/log4j2.yaml";

/// A running Kafka.
#[derive(Debug)]
pub struct Kafka {
    secured: u16,
    plain: u16,
    password: String,
    process: Process,
}

impl Kafka {
    /// Starts it and makes the topics. `users` are those who may log in.
    pub(crate) async fn start(
        run: &RunFolder,
        certificates: &Certificates,
        users: &[&str],
    ) -> anyhow::Result<Self> {
        let (folder, log) = (run.folder("kafka")?, run.folder("log")?.join("kafka.log"));
        let (secured, plain, controller) = (ports::free()?, ports::free()?, ports::free()?);
        let password = new_password();
        let file = folder.join("server.properties");
        fs::write(&file, properties(&folder, certificates, [secured, plain, controller]))?;
        let libraries = tokio::task::spawn_blocking(jars::fetch).await??;
        let format = java(&libraries, &log, "kafka.tools.StorageTool")?
            .args(["format", "--standalone", "--cluster-id", CLUSTER, "--config"])
            .args([&file])
            .args(users.iter().flat_map(|user| scram(user, &password)));
        tokio::task::spawn_blocking(move || format.run()).await??;
        let process = java(&libraries, &log, "kafka.Kafka")?.args([&file]).start()?;
        let kafka = Self { secured, plain, password, process };
        eventually(START_DEADLINE, || kafka.make_topics())
            .await
            .with_context(|| format!("Kafka is not usable, see {}", log.display()))?;
        Ok(kafka)
    }

    /// Address for services.
    pub(crate) fn secured(&self) -> String {
        format!("127.0.0.1:{}", self.secured)
    }

    /// Address for tools that watch: no TLS, no login.
    #[must_use]
    pub fn plain(&self) -> String {
        format!("127.0.0.1:{}", self.plain)
    }

    /// Stops its clock: it neither answers nor goes away.
    pub fn pause(&self) -> anyhow::Result<()> {
        self.process.signal(Signal::SIGSTOP)
    }

    /// Lets it go on after [`Kafka::pause`].
    pub fn resume(&self) -> anyhow::Result<()> {
        self.process.signal(Signal::SIGCONT)
    }

    /// The services' password.
    pub(crate) fn password(&self) -> &str {
        &self.password
    }

    async fn make_topics(&self) -> anyhow::Result<()> {
        let mut config = ClientConfig::new();
        config.set("bootstrap.servers", self.plain()).set("log_level", "0");
        let admin: AdminClient<DefaultClientContext> = config.create()?;
        let names: Vec<String> = Topic::ALL
            .iter()
            .flat_map(|topic| [topic.name().to_owned(), format!("{}.dlt", topic.name())])
            .collect();
        let topics: Vec<_> = names
            .iter()
            .map(|name| NewTopic::new(name, PARTITIONS, TopicReplication::Fixed(1)))
            .collect();
        let options = AdminOptions::new().request_timeout(Some(ADMIN_TIMEOUT));
        for made in admin.create_topics(&topics, &options).await? {
            match made {
                Ok(_) | Err((_, RDKafkaErrorCode::TopicAlreadyExists)) => {}
                Err((name, code)) => return Err(anyhow!("topic {name} was not made: {code}")),
            }
        }
        Ok(())
    }
}

fn scram(user: &str, password: &str) -> [OsString; 2] {
    ["--add-scram".into(), format!("SCRAM-SHA-512=[name={user},password={password}]").into()]
}

fn java(libraries: &Path, log: &Path, class: &str) -> anyhow::Result<Program> {
    let logging = programs::repository().join(LOG4J);
    let classes: PathBuf = libraries.join("*");
    let mut program = Program::new(programs::on_path("java", "default-jre-headless")?, log)
        .args(JVM)
        .args([format!("-Dlog4j2.configurationFile={}", logging.display())])
        .args([OsString::from("-cp"), classes.into_os_string(), class.into()]);
    program.variables.push(("LANG".to_owned(), "C.UTF-8".to_owned()));
    Ok(program)
}

fn properties(folder: &Path, certificates: &Certificates, ports: [u16; 3]) -> String {
    let [secured, plain, controller] = ports;
    let (data, both, ca) =
        (folder.join("data"), certificates.both.display(), certificates.ca.display());
    let data = data.display();
    let listeners = format!(
        "SASL_SSL://127.0.0.1:{secured},PLAINTEXT://127.0.0.1:{plain},CONTROLLER://127.0.0.1:{controller}"
    );
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
         share.coordinator.state.topic.num.partitions=1\ngroup.initial.rebalance.delay.ms=0\n"
    )
}
