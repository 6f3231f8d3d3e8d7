//! A storm of logins: passwords are checked by few threads with a short queue, and all else goes on.

use anyhow::{Result, ensure};
use serde_json::json;
use tokio::task::JoinSet;

use crate::helpers::{Customer, ME, TestApp};

/// More than wait at once.
const LOGINS: usize = 250;
/// Profiles read meanwhile.
const READS: usize = 20;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_storm_of_logins_is_shed_and_starves_nobody() -> Result<()> {
    let app = TestApp::start().await?;
    let session = app.session().await?;
    let mut storm = JoinSet::new();
    for _ in 0..LOGINS {
        let (client, stranger) = (app.client().clone(), Customer::new());
        let login = json!({"email": stranger.email, "password": stranger.password});
        storm.spawn(async move { client.post("/api/users/login", &login).await });
    }
    for _ in 0..READS {
        session.client.get(ME).await?.expect(200)?;
    }
    let mut answers = Vec::new();
    while let Some(answer) = storm.try_join_next() {
        answers.push(answer?);
    }
    ensure!(!storm.is_empty(), "the storm was over before");
    answers.extend(storm.join_all().await);
    let (mut judged, mut shed) = (0, 0);
    for answer in answers {
        let answer = answer?;
        match answer.status.as_u16() {
            401 => judged += 1,
            503 => {
                ensure!(!answer.header("retry-after").is_empty(), "no word when to come back");
                shed += 1;
            }
            other => anyhow::bail!("{other}: {}", answer.text),
        }
    }
    ensure!(judged > 0 && shed > 0, "{judged} judged, {shed} shed");
    session.client.get(ME).await?.expect(200)?;
    Ok(())
}
