//! What a service does with a token, against the verification of its signature alone.

use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use ecotrack_chassis::auth::{ALGORITHM, JwkSet, Verifier};
use ecotrack_stack::{
    CUSTOMER, Name, Stack,
    bench::{
        drive::http,
        rounds::{Limit, Rounds, Scale, Side},
        usage::{cpu_of_thread, per_thousand},
    },
    report::Report,
};
use futures::FutureExt as _;
use jsonwebtoken::{DecodingKey, crypto, decode_header};
use uuid::Uuid;

/// CPU of the check over CPU of bare verification.
const MOST: f64 = 1.3;
/// Checks between two looks at the clock.
const BATCH: u32 = 100;

pub(crate) async fn run(stack: &Stack, scale: &Scale) -> anyhow::Result<Report> {
    let users = stack.service(Name::UserService)?.base();
    let token = stack.accounts().token(Uuid::now_v7(), Uuid::new_v4(), &[CUSTOMER])?;
    let keys = http()?.get(users.join("/.well-known/jwks.json")?).send().await?.json().await?;
    let key = signing_key(&keys, &token)?;
    let verifier = Verifier::remote(users.clone())?;
    verifier.verify(&token).await.context("the token is not valid")?;
    let (message, signature) = token.rsplit_once('.').context("not a token")?;
    let bare = || {
        let is_valid = crypto::verify(signature, message.as_bytes(), &key, ALGORITHM)?;
        ensure!(is_valid, "not its signature");
        anyhow::Ok(())
    };
    // The keys are there and fresh for longer than this takes, so nothing is waited for.
    let check = || {
        verifier.verify(&token).now_or_never().context("keys are fetched")??;
        anyhow::Ok(())
    };
    let rounds = Rounds::measure(scale.rounds, async |side| {
        tokio::task::block_in_place(|| match side {
            Side::A => cpu_per_thousand(scale.time / 4, bare),
            Side::B => cpu_per_thousand(scale.time / 4, check),
        })
    });
    let ratio = rounds.await?.ratio(|cpu| *cpu);
    let mut report =
        Report::new("check of an access token against bare verification of its signature (ES256)");
    scale.judge_ratio(
        &mut report,
        "CPU of the check over bare verification",
        Limit::AtMost(MOST),
        &ratio,
    );
    report.noted("CPU s per 1,000, bare verification", &format!("{:.4}", ratio.a));
    report.noted("CPU s per 1,000, check", &format!("{:.4}", ratio.b));
    Ok(report)
}

fn signing_key(keys: &JwkSet, token: &str) -> anyhow::Result<DecodingKey> {
    let kid = decode_header(token)?.kid.context("the token names no key")?;
    Ok(DecodingKey::from_jwk(keys.find(&kid).context("the key is not published")?)?)
}

fn cpu_per_thousand(time: Duration, work: impl Fn() -> anyhow::Result<()>) -> anyhow::Result<f64> {
    let (began, used, mut count) = (Instant::now(), cpu_of_thread()?, 0);
    while began.elapsed() < time {
        for _ in 0..BATCH {
            work()?;
        }
        count += BATCH;
    }
    Ok(per_thousand(cpu_of_thread()?.saturating_sub(used).as_secs_f64(), f64::from(count)))
}
