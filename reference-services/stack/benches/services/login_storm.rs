//! What a login storm does to whoever does not log in: passwords are hashed on purpose at great cost.

use std::{cell::Cell, time::Duration};

use anyhow::bail;
use ecotrack_stack::{
    Name, Shop, Stack,
    bench::{
        drive::{Target, at_rate},
        latency::{Latencies, merged, millis},
        rounds::{Limit, Rounds, Scale, Side},
        usage::{cpu_seconds, per_thousand},
    },
    report::Report,
};
use futures::{StreamExt as _, TryStreamExt as _, future::join_all, stream};

/// p99 during a storm over p99 without.
const MOST: f64 = 2.0;
/// Who log in again and again, at the same time.
const STORM: usize = 32;
/// How many register side by side.
const REGISTERING: usize = 4;
/// Requests a second at each of the other routes.
const RATE: u32 = 100;
/// The other routes. The last one is of another service: it shows what the machine alone has to do with it.
const ROUTES: [&str; 3] = ["profile", "token keys", "product of product-service"];

/// How long the other routes took, and what all of it cost user-service in CPU seconds.
struct Round {
    seen: Vec<Latencies>,
    cpu: f64,
}

pub(crate) async fn run(stack: &Stack, scale: &Scale) -> anyhow::Result<Report> {
    let emails: Vec<String> = stream::iter(0..scale.pick(STORM, 4))
        .map(|_| async { anyhow::Ok(stack.accounts().register().await?.email) })
        .buffer_unordered(REGISTERING)
        .try_collect()
        .await?;
    let targets = targets(stack).await?;
    let logins = Cell::new(0_u32);
    let users = stack.service(Name::UserService)?.process_id()?;
    let rounds = Rounds::measure(scale.rounds, async |side| {
        let used = cpu_seconds(users)?;
        let seen = match side {
            Side::A => at_rate(&targets, RATE, scale.time).await?,
            Side::B => tokio::select! {
                seen = at_rate(&targets, RATE, scale.time) => seen?,
                () = storm(stack, &emails, &logins) => bail!("the storm ended"),
            },
        };
        Ok(Round { seen, cpu: cpu_seconds(users)? - used })
    })
    .await?;
    let mut report = Report::new("a login storm: p99 of other routes during it over p99 without");
    let cpu = |side: &[Round]| side.iter().map(|round| round.cpu).sum::<f64>();
    let logins_alone = per_thousand(cpu(&rounds.b) - cpu(&rounds.a), f64::from(logins.get()));
    report.noted("CPU s per 1,000 logins, user-service", &format!("{logins_alone:.1}"));
    for (index, route) in ROUTES.into_iter().enumerate() {
        judge(scale, &mut report, &rounds, (index, route))?;
    }
    let seconds = f64::from(u32::try_from(rounds.b.len())?) * scale.time.as_secs_f64();
    report.noted(
        "logins a second in the storm",
        &format!("{:.0}", f64::from(logins.get()) / seconds),
    );
    Ok(report)
}

async fn targets(stack: &Stack) -> anyhow::Result<[Target; 3]> {
    let customer = stack.accounts().register().await?;
    let product = Shop::of(stack)?.add_product(1).await?;
    let users = stack.service(Name::UserService)?;
    let profile = format!("/api/users/{}", customer.user_id);
    Ok([
        Target::of(users, &profile, Some(&customer.token))?,
        Target::of(users, "/.well-known/jwks.json", None)?,
        Target::of(
            stack.service(Name::ProductService)?,
            &format!("/api/products/{product}"),
            None,
        )?,
    ])
}

/// Logs in without end. Being refused for too many at once is an answer.
async fn storm(stack: &Stack, emails: &[String], logins: &Cell<u32>) {
    let again_and_again = emails.iter().map(|email| async move {
        loop {
            if stack.accounts().log_in(email).await.is_ok() {
                logins.set(logins.get() + 1);
            }
        }
    });
    join_all(again_and_again).await;
}

fn judge(
    scale: &Scale,
    report: &mut Report,
    rounds: &Rounds<Round>,
    (index, route): (usize, &str),
) -> anyhow::Result<()> {
    let p99 = |side: &[Round]| -> anyhow::Result<Duration> {
        Ok(merged(side.iter().filter_map(|round| round.seen.get(index)))?.quantile(0.99))
    };
    let (quiet, storm) = (p99(&rounds.a)?, p99(&rounds.b)?);
    let noise = rounds
        .ratio(|round| {
            let seen = round.seen.get(index);
            seen.map_or(f64::NAN, |seen| seen.quantile(0.99).as_secs_f64())
        })
        .noise;
    let ratio = storm.as_secs_f64() / quiet.as_secs_f64();
    let shown = format!(
        "{ratio:.2} ({} over {}, noise {:.0} %)",
        millis(storm),
        millis(quiet),
        noise * 100.0
    );
    let name = format!("p99, {route}");
    if index + 1 == ROUTES.len() {
        report.noted(&name, &shown);
    } else {
        scale.judge(report, &name, Limit::AtMost(MOST), ratio, &shown);
    }
    Ok(())
}
