//! The load itself: personas by weight, then the verdict.

use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use anyhow::{Context, Result};
use goose::config::GooseConfiguration;
use goose::metrics::GooseMetrics;
use goose::prelude::*;
use reqwest::Url;

use crate::buyer::{order, pay, read_notifications, sign_in};
use crate::common::Target;
use crate::parcel;
use crate::shopper::{browse, look, search};
use crate::slo::{Clients, Verdict, measure};

/// Shoppers for each buyer.
const SHOPPERS: usize = 3;
/// A person looks at a page for this long.
const SHOPPER_PAUSE: (Duration, Duration) = (Duration::from_millis(500), Duration::from_secs(2));
/// A person decides for this long.
const BUYER_PAUSE: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(3));
/// A request that takes longer has failed.
const ANSWER_WITHIN: Duration = Duration::from_secs(10);

/// What to ask, and how hard.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Address that clients ask for.
    #[arg(long)]
    host: Url,
    /// `name:port` of the gateway, when the host's own name does not lead there.
    #[arg(long)]
    gateway: Option<String>,
    /// PEM of the authority that signed the gateway's certificate.
    #[arg(long)]
    ca: Option<PathBuf>,
    /// Prometheus that scrapes the services.
    #[arg(long)]
    prometheus: Url,
    /// People at the same time.
    #[arg(long)]
    users: usize,
    /// People who come each second until all are there.
    #[arg(long)]
    arrivals: usize,
    /// How long to go on once all are there.
    #[arg(long, value_parser = humantime::parse_duration)]
    run_time: Duration,
    /// Folder for the report.
    #[arg(long)]
    folder: PathBuf,
}

/// Makes the load, judges it, and writes verdict and report to standard output. True when all objectives were met.
pub(crate) async fn run(options: &Options) -> Result<bool> {
    let target = Target::resolve(
        &options.host,
        options.gateway.as_deref(),
        options.ca.as_deref(),
        ANSWER_WITHIN,
    )
    .await?;
    let file = options.folder.join("report.html");
    let started = SystemTime::now();
    let metrics = attack(options, &target, &file).await.context("the load could not be made")?;
    let ended = SystemTime::now();
    let report =
        tokio::fs::read(&file).await.with_context(|| format!("no report at {}", file.display()))?;
    parcel::send_report(&report, std::io::stdout())?;
    let routes = measure(&options.prometheus, started, ended).await?;
    let verdict = Verdict::of(&routes, clients(&metrics))?;
    parcel::send_verdict(&serde_json::to_string(&verdict)?, std::io::stdout())?;
    Ok(verdict.met())
}

async fn attack(options: &Options, target: &Target, file: &Path) -> Result<GooseMetrics> {
    let attack = GooseAttack::initialize_with_config(configuration(options, file)?)?
        .register_scenario(
            scenario!("shopper")
                .set_weight(SHOPPERS)?
                .set_wait_time(SHOPPER_PAUSE.0, SHOPPER_PAUSE.1)?
                .register_transaction(target.connect().set_on_start())
                .register_transaction(transaction!(browse).set_name("browse").set_weight(3)?)
                .register_transaction(transaction!(search).set_name("search").set_weight(2)?)
                .register_transaction(
                    transaction!(look).set_name("look at a product").set_weight(4)?,
                ),
        )
        .register_scenario(
            scenario!("buyer")
                .set_weight(1)?
                .set_wait_time(BUYER_PAUSE.0, BUYER_PAUSE.1)?
                .register_transaction(target.connect().set_on_start().set_sequence(1))
                .register_transaction(
                    transaction!(sign_in)
                        .set_name("register and log in")
                        .set_on_start()
                        .set_sequence(2),
                )
                .register_transaction(transaction!(order).set_name("order").set_sequence(3))
                .register_transaction(transaction!(pay).set_name("pay").set_sequence(4))
                .register_transaction(
                    transaction!(read_notifications).set_name("read notifications").set_sequence(5),
                ),
        );
    // Goose keeps much on its stack.
    Ok(Box::pin(attack.execute()).await?)
}

fn configuration(options: &Options, file: &Path) -> Result<GooseConfiguration> {
    let arguments = [
        ("--host", options.host.to_string()),
        ("--users", options.users.to_string()),
        ("--increase-rate", options.arrivals.to_string()),
        ("--run-time", format!("{}s", options.run_time.as_secs())),
        ("--report-file", file.display().to_string()),
        ("--timeout", ANSWER_WITHIN.as_secs().to_string()),
    ];
    let values = arguments.into_iter().flat_map(|(name, value)| [name.to_owned(), value]);
    let switches =
        ["--no-telnet", "--no-reset-metrics", "--no-print-metrics", "--quiet"].map(str::to_owned);
    Ok(GooseConfiguration::parse_args_default(&values.chain(switches).collect::<Vec<_>>())?)
}

fn clients(metrics: &GooseMetrics) -> Clients {
    let totals =
        metrics.requests.values().map(|request| (request.success_count, request.fail_count));
    let (good, bad) = totals
        .fold((0, 0), |(good, bad), (more_good, more_bad)| (good + more_good, bad + more_bad));
    Clients { requests: good + bad, failures: bad }
}
