//! What the commands are told.

use std::path::PathBuf;

use anyhow::Context as _;
use clap::Args;
use url::Url;
use uuid::Uuid;

use crate::contract::Consumers;
use crate::drain::STANDSTILL;
use crate::judge::Invariant;
use crate::source::kafka::{KafkaLogin, KafkaSource};
use crate::source::{STEADY_WITHIN, Sources, postgres};
use crate::workload::{Addresses, Settings};

/// Where the world is, and what clients wrote down.
#[derive(Debug, Args)]
pub struct CheckArguments {
    /// A client's journal; several may be given.
    #[arg(long, required = true, value_name = "FILE")]
    pub(super) journal: Vec<PathBuf>,
    /// The services' database, with a login that may read every schema.
    #[arg(long, value_name = "URL", env = "INVARIANTS_DATABASE_URL", hide_env_values = true)]
    database_url: String,
    /// Kafka's addresses, separated by commas.
    #[arg(long, value_name = "ADDRESSES", env = "INVARIANTS_KAFKA_BROKERS")]
    kafka_brokers: String,
    /// Whom to log in to Kafka as; without it Kafka is asked in the clear.
    #[arg(long, value_name = "NAME", requires_all = ["kafka_password_file", "kafka_ca_file"])]
    kafka_username: Option<String>,
    /// File with the password of that user.
    #[arg(long, value_name = "FILE")]
    kafka_password_file: Option<PathBuf>,
    /// Certificate authority of the brokers.
    #[arg(long, value_name = "FILE")]
    kafka_ca_file: Option<PathBuf>,
    /// The provider whose ledger is read.
    #[arg(long, value_name = "URL", env = "INVARIANTS_LEDGER_URL")]
    ledger_url: Url,
    /// A read replica of the database, where there is one.
    #[arg(long, value_name = "URL", env = "INVARIANTS_REPLICA_URL", hide_env_values = true)]
    replica_url: Option<String>,
    /// Jaeger's query API, for I10.
    #[arg(long, value_name = "URL", requires = "logs")]
    traces_url: Option<Url>,
    /// Files or folders of JSON log lines, for I10.
    #[arg(long, value_name = "PATH", requires = "traces_url")]
    logs: Vec<PathBuf>,
    /// How long the system may stand still on its way to rest; ten times that is the most it gets.
    #[arg(long, value_name = "DURATION", default_value_t = STANDSTILL.into())]
    pub(super) standstill: humantime::Duration,
    /// Store what was observed, to be judged again.
    #[arg(long, value_name = "FILE")]
    pub(super) history: Option<PathBuf>,
    #[command(flatten)]
    pub(super) verdicts: Verdicts,
}

/// Which history to judge again.
#[derive(Debug, Args)]
pub struct ReplayArguments {
    /// A history that `check --history` stored.
    pub(super) history: PathBuf,
    #[command(flatten)]
    pub(super) verdicts: Verdicts,
}

/// What to judge, and where to write it.
#[derive(Debug, Args)]
pub struct Verdicts {
    /// Only these invariants, separated by commas [default: all of I1 to I10].
    #[arg(long, value_delimiter = ',', value_name = "INVARIANTS")]
    pub(super) only: Vec<Invariant>,
    /// Write the report as JSON.
    #[arg(long, value_name = "FILE")]
    pub(super) report: Option<PathBuf>,
}

/// Who plays, where and how much.
#[derive(Debug, Args)]
pub struct PlayArguments {
    /// The journal to write.
    #[arg(long, value_name = "FILE")]
    pub(super) journal: PathBuf,
    /// The gateway, or user-service where there is none.
    #[arg(long, value_name = "URL")]
    url: Url,
    /// product-service [default: the same].
    #[arg(long, value_name = "URL")]
    product_url: Option<Url>,
    /// order-service [default: the same].
    #[arg(long, value_name = "URL")]
    order_url: Option<Url>,
    /// payment-service [default: the same].
    #[arg(long, value_name = "URL")]
    payment_url: Option<Url>,
    /// What everything that is chosen follows from [default: a new one, printed at the end].
    #[arg(long)]
    seed: Option<u64>,
    /// Accounts.
    #[arg(long, default_value_t = 20)]
    customers: usize,
    /// Visits that begin in a second; a visit is about four requests.
    #[arg(long, default_value_t = 10.0, value_parser = positive)]
    visits_per_second: f64,
    /// How long visits begin.
    #[arg(long, value_name = "DURATION", default_value = "30s")]
    duration: humantime::Duration,
    /// Visits under way at most.
    #[arg(long, default_value_t = 200)]
    most_visits: usize,
    /// How long an answer is waited for.
    #[arg(long, value_name = "DURATION", default_value = "10s")]
    answer_within: humantime::Duration,
    /// How long a session is used at most.
    #[arg(long, value_name = "DURATION", default_value = "10m")]
    session_for: humantime::Duration,
}

impl PlayArguments {
    /// How much is played; run and seed are new where they are not said.
    pub(super) fn settings(&self) -> Settings {
        let or_same = |url: &Option<Url>| url.clone().unwrap_or_else(|| self.url.clone());
        Settings {
            addresses: Addresses {
                users: self.url.clone(),
                products: or_same(&self.product_url),
                orders: or_same(&self.order_url),
                payments: or_same(&self.payment_url),
            },
            seed: self.seed.unwrap_or_else(rand::random),
            run: Uuid::new_v4().simple().to_string(),
            customers: self.customers,
            visits_per_second: self.visits_per_second,
            duration: self.duration.into(),
            most_visits: self.most_visits,
            answer_within: self.answer_within.into(),
            session_for: self.session_for.into(),
        }
    }
}

fn positive(text: &str) -> Result<f64, String> {
    let rate: f64 = text.parse().map_err(|_invalid| format!("`{text}` is not a number"))?;
    if rate.is_finite() && rate > 0.0 {
        Ok(rate)
    } else {
        Err(format!("`{text}` is not above zero"))
    }
}

impl CheckArguments {
    /// The places to ask.
    pub(super) fn sources(&self) -> anyhow::Result<Sources> {
        Ok(Sources {
            database: postgres::connect(&self.database_url)?,
            kafka: KafkaSource { brokers: self.kafka_brokers.clone(), login: self.kafka_login() },
            ledger: self.ledger_url.clone(),
            replica: self.replica_url.as_deref().map(postgres::connect).transpose()?,
            traces: self.traces_url.clone(),
            logs: self.logs.clone(),
            consumers: Consumers::registered().context("the telemetry registry cannot be read")?,
            steady_within: STEADY_WITHIN,
        })
    }

    fn kafka_login(&self) -> Option<KafkaLogin> {
        Some(KafkaLogin {
            username: self.kafka_username.clone()?,
            password_file: self.kafka_password_file.clone()?,
            ca_file: self.kafka_ca_file.clone()?,
        })
    }
}
