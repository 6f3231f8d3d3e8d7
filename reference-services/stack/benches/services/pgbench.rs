//! PostgreSQL's own load generator.

use std::{fs, path::PathBuf};

use anyhow::{Context as _, ensure};
use ecotrack_servers::{process::Program, programs};
use ecotrack_stack::{Stack, bench::drive::CLIENTS};
use url::Url;

/// What it begins the count of transactions with.
const COUNT: &str = "number of transactions actually processed: ";
/// What it begins the rate with.
const RATE: &str = "tps = ";

/// A script, and how to run it.
pub(crate) struct Pgbench {
    program: Program,
    address: Url,
    folder: PathBuf,
}

/// What a run came to.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Transactions {
    pub(crate) count: u64,
    pub(crate) per_second: f64,
}

impl Pgbench {
    /// A script that finds its tables in these schemas, with as many clients as the services have, by TLS as they come.
    pub(crate) fn new(stack: &Stack, script: &str, schemas: &str) -> anyhow::Result<Self> {
        let folder = stack.folder().to_owned();
        let file = folder.join("bench.sql");
        fs::write(&file, script).with_context(|| format!("cannot write {}", file.display()))?;
        let mut address = Url::parse(&stack.postgres().admin_url("ecotrack"))?;
        address.set_query(Some("sslmode=require"));
        let mut program =
            Program::new(programs::postgresql("pgbench")?, folder.join("log/pgbench.log"))
                .args([
                    "-n",
                    "-M",
                    "prepared",
                    "-j",
                    "2",
                    "-c",
                    &CLIENTS.to_string(),
                    "-D",
                    "n=0",
                    "-f",
                ])
                .args([file]);
        program.variables = vec![
            ("PGOPTIONS".to_owned(), format!("-c search_path={schemas}")),
            ("LC_ALL".to_owned(), "C.UTF-8".to_owned()),
        ];
        Ok(Self { program, address, folder })
    }

    /// Runs it so many seconds. Each run needs a number of its own.
    pub(crate) async fn run(&self, seconds: u64, round: usize) -> anyhow::Result<Transactions> {
        let log = self.folder.join(format!("log/pgbench-{round}.log"));
        let mut program = self.program.clone().args([
            "-D".to_owned(),
            format!("round={round}"),
            "-T".to_owned(),
            seconds.to_string(),
            self.address.to_string(),
        ]);
        program.log.clone_from(&log);
        program.run().await?;
        let said = fs::read_to_string(&log)?;
        let after = |words: &str| {
            let line = said.lines().find_map(|line| line.strip_prefix(words));
            line.and_then(|rest| rest.split_whitespace().next())
                .with_context(|| format!("no {words:?} in {}", log.display()))
        };
        let (count, per_second) = (after(COUNT)?.parse()?, after(RATE)?.parse()?);
        ensure!(count > 0, "pgbench made no transaction, see {}", log.display());
        Ok(Transactions { count, per_second })
    }
}
