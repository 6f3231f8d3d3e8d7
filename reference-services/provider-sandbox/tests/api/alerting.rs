//! Faults of the places where alerts arrive: Slack and `PagerDuty`, each in its own words.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use ecotrack_chassis::test_support::Answer;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::helpers::{TestApp, outcomes};

const PLACES: [&str; 2] = ["slack", "pagerduty"];

/// An alert that nobody else sends.
struct Alert {
    place: &'static str,
    name: String,
}

impl Alert {
    fn to(place: &'static str) -> Self {
        Self { place, name: Uuid::new_v4().to_string() }
    }

    async fn send(&self, app: &TestApp) -> Result<Answer> {
        let (path, body) = if self.place == "slack" {
            ("/slack/finance_team", json!({"text": self.name}))
        } else {
            let event = json!({"routing_key": "k", "event_action": "trigger", "dedup_key": self.name, "payload": {}});
            ("/pagerduty/v2/enqueue", event)
        };
        app.client().post(path, &body).await
    }

    /// With a fault in force for everything that comes to its place.
    async fn send_into(&self, app: &TestApp, fault: Value) -> Result<Answer> {
        app.arm(self.place, &fault).await?.expect(200)?;
        self.send(app).await
    }

    async fn expect_outcomes(&self, app: &TestApp, expected: &[&str]) -> Result<()> {
        assert_eq!(outcomes(&app.ledger(&self.name).await?), expected, "{}", self.place);
        Ok(())
    }
}

#[tokio::test]
async fn an_alert_is_refused_in_the_words_of_its_place() -> Result<()> {
    let app = TestApp::start().await?;
    for (place, status, words) in
        [("slack", 403, "action_prohibited"), ("pagerduty", 400, "invalid event")]
    {
        let alert = Alert::to(place);
        let fault = json!({"mode": "decline", "ttl_seconds": 60});
        let answer = alert.send_into(&app, fault).await?.expect(status)?;
        assert!(answer.text.contains(words), "{}", answer.text);
        alert.expect_outcomes(&app, &["declined"]).await?;
    }
    Ok(())
}

#[tokio::test]
async fn a_place_that_is_broken_takes_no_alert_and_says_so_in_its_words() -> Result<()> {
    let app = TestApp::start().await?;
    for (place, words) in [("slack", "rollup_error"), ("pagerduty", "Internal Server Error")] {
        let alert = Alert::to(place);
        let fault = json!({"mode": "error", "ttl_seconds": 60});
        let answer = alert.send_into(&app, fault).await?.expect(500)?;
        assert!(answer.text.contains(words), "{}", answer.text);
        alert.expect_outcomes(&app, &["failed"]).await?;
    }
    Ok(())
}

#[tokio::test]
async fn an_alert_whose_answer_is_late_has_arrived() -> Result<()> {
    const DELAY: Duration = Duration::from_millis(300);
    let app = TestApp::start().await?;
    for place in PLACES {
        let (alert, began) = (Alert::to(place), Instant::now());
        let delay = json!({"mode": "delay", "ttl_seconds": 60, "delay_ms": DELAY.as_millis()});
        let answer = alert.send_into(&app, delay).await?;
        assert!(answer.status.is_success() && began.elapsed() >= DELAY, "{place}: {answer:?}");
        alert.expect_outcomes(&app, &["accepted"]).await?;
    }
    Ok(())
}

#[tokio::test]
async fn an_alert_whose_connection_broke_has_arrived_and_arrives_again_when_it_is_sent_again()
-> Result<()> {
    let app = TestApp::start().await?;
    for place in PLACES {
        let alert = Alert::to(place);
        let reset = json!({"mode": "reset", "ttl_seconds": 60});
        assert!(alert.send_into(&app, reset).await.is_err(), "{place}: no connection broke");
        app.client().delete(&format!("/faults/{place}")).await?.expect(204)?;
        alert.send(&app).await?;
        // Neither remembers what it was sent before.
        alert.expect_outcomes(&app, &["accepted", "accepted"]).await?;
    }
    Ok(())
}

#[tokio::test]
async fn an_alert_that_nobody_answers_has_not_arrived() -> Result<()> {
    let app = TestApp::start().await?;
    for place in PLACES {
        let alert = Alert::to(place);
        alert.send_into(&app, json!({"mode": "hang", "ttl_seconds": 1})).await?.expect(500)?;
        alert.expect_outcomes(&app, &["unanswered"]).await?;
    }
    Ok(())
}

#[tokio::test]
async fn an_alert_whose_answer_is_lost_has_arrived() -> Result<()> {
    let app = TestApp::start().await?;
    for place in PLACES {
        let alert = Alert::to(place);
        let lost = json!({"mode": "answer_lost", "ttl_seconds": 1});
        assert!(alert.send_into(&app, lost).await.is_err(), "{place}: an answer came");
        alert.expect_outcomes(&app, &["accepted"]).await?;
    }
    Ok(())
}

#[tokio::test]
async fn a_fault_befalls_one_receiver_of_alerts_and_spares_the_others() -> Result<()> {
    let app = TestApp::start().await?;
    let fault = json!({"mode": "error", "ttl_seconds": 60, "match": "finance_team"});
    Alert::to("slack").send_into(&app, fault).await?.expect(500)?;
    app.client().post("/slack/platform_team", &json!({"text": "x"})).await?.expect(200)?;
    Alert::to("pagerduty").send(&app).await?.expect(202)?;
    let faults = app.client().get("/faults").await?.json();
    assert_eq!(faults["faults"].get(0).context("no fault")?["hits"], 1);
    Ok(())
}
