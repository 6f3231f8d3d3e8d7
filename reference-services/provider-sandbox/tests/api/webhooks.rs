//! Webhooks: signed, told once unless a fault says otherwise, told again until they arrive.

use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Result, ensure};
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::{Json, Router};
use chrono::Utc;
use ecotrack_chassis::test_support::eventually;
use secrecy::SecretString;
use serde_json::{Value, json};

use crate::helpers::{Charge, SECRET, TestApp};

/// A customer who listens.
#[derive(Clone, Default)]
pub(crate) struct Listener(Arc<Mutex<Heard>>);

#[derive(Default)]
struct Heard {
    deliveries: Vec<(String, HeaderMap, Vec<u8>)>,
    refusals: usize,
}

impl Listener {
    async fn start(&self) -> Result<String> {
        let routes = Router::new().fallback(hear).with_state(self.clone());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
        let address = format!("http://{}", listener.local_addr()?);
        tokio::spawn(async move { axum::serve(listener, routes).await });
        Ok(address)
    }

    fn with<T>(&self, look: impl FnOnce(&mut Heard) -> T) -> T {
        look(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Waits for so many, and answers their JSON in the order they came.
    async fn await_events(&self, count: usize) -> Result<Vec<Value>> {
        eventually(|| async {
            let bodies = self.with(|heard| {
                let bodies = heard.deliveries.iter().map(|(_, _, body)| body.clone());
                bodies.collect::<Vec<_>>()
            });
            ensure!(bodies.len() >= count, "{} of {count} webhooks", bodies.len());
            Ok(bodies.iter().map(|body| serde_json::from_slice(body).unwrap_or_default()).collect())
        })
        .await
    }
}

async fn hear(
    State(listener): State<Listener>,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> (StatusCode, Json<Value>) {
    listener.with(|heard| {
        if heard.refusals > 0 {
            heard.refusals -= 1;
            return (StatusCode::SERVICE_UNAVAILABLE, Json(json!({})));
        }
        heard.deliveries.push((uri.path().to_owned(), headers, body.to_vec()));
        (StatusCode::OK, Json(json!({})))
    })
}

async fn start() -> Result<(TestApp, Listener)> {
    let listener = Listener::default();
    let app = TestApp::start_telling(&listener.start().await?).await?;
    Ok((app, listener))
}

#[tokio::test]
async fn a_charge_is_told_signed_to_the_customer() -> Result<()> {
    let (app, listener) = start().await?;
    let charge = Charge::new();
    app.charge(&charge).await?.expect(200)?;
    let events = listener.await_events(1).await?;
    assert_eq!(events[0]["type"], "payment_intent.succeeded");
    assert_eq!(events[0]["data"]["object"]["metadata"]["payment_id"], charge.payment.as_str());
    let (path, headers, body) = listener.with(|heard| heard.deliveries[0].clone());
    assert_eq!(path, "/api/payments/webhooks/stripe");
    let header = headers[ecotrack_webhook::HEADER].to_str()?;
    let secrets = [SecretString::from(SECRET)];
    ecotrack_webhook::verify(&secrets, header, &body, Utc::now().timestamp())?;
    Ok(())
}

#[tokio::test]
async fn a_customer_is_asked_under_their_own_name_wherever_the_way_leads() -> Result<()> {
    let listener = Listener::default();
    let address = listener.start().await?;
    let place = address.trim_start_matches("http://");
    let app = TestApp::start_telling_by("http://shop.example", place).await?;
    app.charge(&Charge::new()).await?.expect(200)?;
    listener.await_events(1).await?;
    assert_eq!(listener.with(|heard| heard.deliveries[0].1["host"].clone()), "shop.example");
    Ok(())
}

#[tokio::test]
async fn an_address_with_a_port_of_its_own_and_another_place_are_refused() -> Result<()> {
    let started = TestApp::start_telling_by("http://shop.example:8080", "127.0.0.1:443").await;
    let error = started.err().map(|error| format!("{error:#}")).unwrap_or_default();
    assert!(error.contains("names a port"), "{error}");
    Ok(())
}

#[tokio::test]
async fn a_repetition_is_not_told_again_and_a_refusal_is_told_as_one() -> Result<()> {
    let (app, listener) = start().await?;
    let (made, refused) = (Charge::new(), Charge { token: "tok_declined", ..Charge::new() });
    app.charge(&made).await?.expect(200)?;
    app.charge(&made).await?.expect(200)?;
    app.charge(&refused).await?.expect(402)?;
    let events = listener.await_events(2).await?;
    assert_eq!(events[1]["type"], "payment_intent.payment_failed");
    Ok(())
}

#[tokio::test]
async fn a_webhook_that_does_not_arrive_is_sent_again_as_it_was() -> Result<()> {
    let (app, listener) = start().await?;
    listener.with(|heard| heard.refusals = 2);
    app.charge(&Charge::new()).await?.expect(200)?;
    listener.await_events(1).await?;
    assert_eq!(listener.with(|heard| heard.refusals), 0);
    Ok(())
}

#[tokio::test]
async fn a_duplicate_has_the_same_id() -> Result<()> {
    let (app, listener) = start().await?;
    let fault = json!({"mode": "webhook_duplicate", "ttl_seconds": 60});
    app.arm("stripe", &fault).await?.expect(200)?;
    app.charge(&Charge::new()).await?.expect(200)?;
    let events = listener.await_events(5).await?;
    assert!(events.iter().all(|event| event["id"] == events[0]["id"]));
    Ok(())
}

#[tokio::test]
async fn out_of_order_the_last_is_told_first() -> Result<()> {
    let (app, listener) = start().await?;
    let fault = json!({"mode": "webhook_out_of_order", "ttl_seconds": 60, "delay_ms": 2_000});
    app.arm("stripe", &fault).await?.expect(200)?;
    let intent = app.charge(&Charge::new()).await?.expect(200)?.json()["id"].clone();
    let intent = intent.as_str().unwrap_or_default();
    app.refund_part(intent, "r-1", "500").await?.expect(200)?;
    app.refund(intent, "r-2").await?.expect(200)?;
    let events = listener.await_events(3).await?;
    let totals: Vec<_> =
        events.iter().map(|event| event["data"]["object"]["amount_refunded"].as_i64()).collect();
    assert_eq!(totals, [Some(1999), Some(500), None]);
    Ok(())
}

#[tokio::test]
async fn a_fault_of_webhooks_leaves_room_for_one_of_calls() -> Result<()> {
    let (app, listener) = start().await?;
    let delayed = json!({"mode": "webhook_delay", "ttl_seconds": 60, "delay_ms": 700});
    app.arm("stripe", &delayed).await?.expect(200)?;
    app.arm("stripe", &json!({"mode": "reset", "ttl_seconds": 60})).await?.expect(200)?;
    let began = std::time::Instant::now();
    assert!(app.charge(&Charge::new()).await.is_err());
    listener.await_events(1).await?;
    assert!(began.elapsed().as_millis() >= 700);
    Ok(())
}

#[tokio::test]
async fn mail_and_text_messages_are_told_too() -> Result<()> {
    let (app, listener) = start().await?;
    app.mail("bounce@example.org").await?.expect(202)?;
    let events = listener.await_events(1).await?;
    assert_eq!(events[0][0]["event"], "bounce");
    let form = [("To", "+4915112345678"), ("From", "+2"), ("Body", "Hello")];
    let path = "/twilio/2010-04-01/Accounts/AC1/Messages.json";
    let request = app.client().request(reqwest::Method::POST, path)?.form(&form);
    app.client().send(request).await?.expect(201)?;
    listener.await_events(2).await?;
    let (path, headers, body) = listener.with(|heard| heard.deliveries[1].clone());
    assert_eq!(path, "/api/notifications/webhooks/twilio");
    assert_eq!(headers["content-type"], "application/x-www-form-urlencoded");
    assert!(String::from_utf8(body)?.contains("MessageStatus=delivered"));
    Ok(())
}
