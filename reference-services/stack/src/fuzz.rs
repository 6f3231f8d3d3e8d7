//! The five documents against the five services: every operation, valid and invalid, by schemathesis.

mod document;
mod records;
mod series;
mod tool;

use std::path::{Path, PathBuf};

use anyhow::{Context as _, ensure};
use serde_json::json;
use tokio::process::Command;
use uuid::Uuid;

use crate::{
    accounts::{ADMIN, CUSTOMER},
    name::Name,
    report::Report,
    shop::{CATEGORY, CATEGORY_SLUG},
    stack::Stack,
};
use records::{Operation, Records};

/// Share of answers to valid requests that must be successes, for every operation.
const WANTED: f64 = 0.3;

/// How hard is tried.
#[derive(Debug, Clone)]
pub struct Effort {
    /// Examples for an operation in each phase.
    pub examples: u32,
    /// Makes a run repeatable.
    pub seed: u64,
}

/// Runs the fuzzer against each of `services`, one after another.
pub async fn fuzz(stack: &Stack, services: &[Name], effort: &Effort) -> anyhow::Result<Report> {
    let program = tokio::task::spawn_blocking(tool::fetch).await??;
    let surroundings = surroundings(stack).await?;
    let mut report =
        Report::new(&format!("schemathesis, {} examples, seed {}", effort.examples, effort.seed));
    for name in services {
        let run =
            Run { stack, name: *name, program: &program, surroundings: &surroundings, effort };
        run.judge(&mut report).await.with_context(|| format!("cannot fuzz {name}"))?;
    }
    Ok(report)
}

/// What the hooks need to make valid requests be about something.
async fn surroundings(stack: &Stack) -> anyhow::Result<String> {
    let customer = stack.accounts().register().await?;
    make_admin(stack, customer.user_id).await?;
    let urls: serde_json::Map<_, _> = stack
        .services()
        .iter()
        .map(|service| {
            (service.name().to_string(), service.base().as_str().trim_end_matches('/').into())
        })
        .collect();
    let document = json!({
        "urls": urls,
        "token": stack.accounts().token(customer.user_id, customer.session_id, &[CUSTOMER, ADMIN])?,
        "user_id": customer.user_id,
        "email": customer.email,
        "category": CATEGORY,
        "category_slug": CATEGORY_SLUG,
        "webhook_secrets": stack.webhook_secrets(),
    });
    Ok(document.to_string())
}

/// Gives a user the role that their token names: user-service looks whether they have it.
async fn make_admin(stack: &Stack, user_id: Uuid) -> anyhow::Result<()> {
    let mut database = stack.postgres().connect("ecotrack").await?;
    let given = "update user_service.users set roles = array_append(roles, $2) where id = $1";
    let given = sqlx::query(given).bind(user_id).bind(ADMIN).execute(&mut database).await?;
    ensure!(given.rows_affected() == 1, "there is no user {user_id} to make an admin");
    Ok(())
}

/// One service's turn.
struct Run<'a> {
    stack: &'a Stack,
    name: Name,
    program: &'a Path,
    surroundings: &'a str,
    effort: &'a Effort,
}

impl Run<'_> {
    async fn judge(&self, report: &mut Report) -> anyhow::Result<()> {
        let (is_green, records) = self.run().await?;
        let documented = document::operations(self.stack.service(self.name)?.base()).await?;
        let name = self.name;
        report.judged(
            &format!("{name}: no failure, no warning"),
            "green",
            word(is_green),
            is_green,
        );
        report.equal(&format!("{name}: the run came to its end"), &true, &records.is_complete);
        for operation in &documented {
            let seen = records.operations.get(operation).cloned().unwrap_or_default();
            report.judged(
                &format!("{name}: {operation}"),
                "valid >= 30 % 2xx",
                &seen.to_string(),
                is_exercised(&seen),
            );
        }
        for failure in &records.failures {
            report.judged(&format!("{name}: {failure}"), "no failure", "found", false);
        }
        series::judge(report, name, self.stack.service(name)?.base()).await
    }

    async fn run(&self) -> anyhow::Result<(bool, Records)> {
        let folder: PathBuf = self.stack.folder().join("fuzz").join(self.name.as_str());
        tool::workplace(&folder)?;
        let base = self.stack.service(self.name)?.base();
        let authorization = serde_json::from_str::<serde_json::Value>(self.surroundings)?["token"]
            .as_str()
            .map(|token| format!("Authorization: Bearer {token}"))
            .context("no token")?;
        let events = folder.join("events.ndjson");
        let output = Command::new(self.program)
            .args([
                "--config-file",
                "schemathesis.toml",
                "run",
                "--no-color",
                "--report",
                "ndjson,junit",
            ])
            .args([
                "--max-examples",
                &self.effort.examples.to_string(),
                "--seed",
                &self.effort.seed.to_string(),
            ])
            .args(["-H", &authorization, "--report-ndjson-path"])
            .arg(&events)
            .arg("--report-junit-path")
            .arg(folder.join("junit.xml"))
            .arg(base.join("/openapi.json")?.as_str())
            .current_dir(&folder)
            .env("ECOTRACK_STACK", self.surroundings)
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .kill_on_drop(true)
            .output()
            .await
            .context("cannot start schemathesis")?;
        std::fs::write(folder.join("output.txt"), &output.stdout)?;
        std::fs::write(folder.join("errors.txt"), &output.stderr)?;
        Ok((output.status.success(), Records::read(&events)?))
    }
}

fn word(is_green: bool) -> &'static str {
    if is_green { "green" } else { "red" }
}

/// Enough of an operation's valid requests succeeded; one that was never asked is not.
fn is_exercised(operation: &Operation) -> bool {
    operation.valid_share() >= WANTED
}
