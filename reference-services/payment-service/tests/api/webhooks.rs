//! Providers tell what became of payments; nobody else can.

use anyhow::Result;
use chrono::Utc;
use ecotrack_chassis::test_support::Answer;
use reqwest::Method;
use secrecy::SecretString;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::helpers::{Customer, PAYPAL_WEBHOOK_SECRET, TestApp, WEBHOOK_SECRET, id_of};

/// A webhook as it goes over the wire.
#[derive(Clone)]
pub(crate) struct Delivery {
    gateway: &'static str,
    headers: Vec<(&'static str, String)>,
    body: Vec<u8>,
}

impl Delivery {
    fn unsigned(gateway: &'static str, document: &Value) -> Self {
        Self { gateway, headers: Vec::new(), body: document.to_string().into_bytes() }
    }

    fn signed_with(self, secrets: &[&str], at: i64) -> Self {
        let secrets: Vec<_> = secrets.iter().map(|secret| SecretString::from(*secret)).collect();
        let header = ecotrack_webhook::sign(&secrets, &self.body, at);
        self.with_header(header)
    }

    fn with_header(mut self, header: String) -> Self {
        self.headers = vec![(ecotrack_webhook::HEADER, header)];
        self
    }

    pub(crate) fn new(gateway: &'static str, document: &Value) -> Self {
        let secret = if gateway == "paypal" { PAYPAL_WEBHOOK_SECRET } else { WEBHOOK_SECRET };
        Self::unsigned(gateway, document).signed_with(&[secret], Utc::now().timestamp())
    }

    pub(crate) async fn send(&self, app: &TestApp) -> Result<Answer> {
        let path = format!("/api/payments/webhooks/{}", self.gateway);
        let client = app.anonymous();
        let mut request = client.request(Method::POST, &path)?.body(self.body.clone());
        for (name, value) in &self.headers {
            request = request.header(*name, value);
        }
        client.send(request.header("content-type", "application/json")).await
    }
}

fn event_id() -> String {
    format!("evt_{}", Uuid::now_v7().simple())
}

fn stripe(kind: &str, object: &Value) -> Value {
    json!({"id": event_id(), "object": "event", "type": kind, "data": {"object": object}})
}

pub(crate) fn captured(payment_id: &str) -> Value {
    let object = json!({"id": "pi_told", "amount": 1999, "currency": "usd", "metadata": {"payment_id": payment_id}});
    stripe("payment_intent.succeeded", &object)
}

pub(crate) fn refunded(payment_id: &str, total: i64) -> Value {
    let object = json!({
        "payment_intent": "pi_told", "amount": 1999, "amount_refunded": total, "currency": "usd",
        "metadata": {"payment_id": payment_id},
    });
    stripe("charge.refunded", &object)
}

/// A payment of which nobody knows how it ended, and never will from asking.
async fn pending(app: &TestApp) -> Result<(Customer, String)> {
    let customer = app.customer()?;
    app.arm("stripe", &json!({"mode": "error", "ttl_seconds": 300})).await?;
    let payment = customer.pay_by_card().await?.expect(202)?.json();
    let id = id_of(&payment)?.to_owned();
    Ok((customer, id))
}

pub(crate) async fn state(customer: &Customer, id: &str) -> Result<(String, String)> {
    let payment = customer.client.get(&format!("/api/payments/{id}")).await?.expect(200)?.json();
    let text = |field: &str| payment[field].as_str().unwrap_or_default().to_owned();
    Ok((text("status"), text("refunded_amount")))
}

#[tokio::test]
async fn a_webhook_settles_a_payment_that_asking_cannot() -> Result<()> {
    let app = TestApp::start().await?;
    let (customer, id) = pending(&app).await?;
    Delivery::new("stripe", &captured(&id)).send(&app).await?.expect(200)?;
    assert_eq!(state(&customer, &id).await?.0, "processed");
    let processed = app.await_event("PaymentProcessedEvent", &id).await?;
    assert_eq!(processed["provider_reference"], "pi_told");
    Ok(())
}

#[tokio::test]
async fn a_reason_that_is_no_word_does_not_keep_a_payment_from_failing() -> Result<()> {
    let app = TestApp::start().await?;
    let (customer, id) = pending(&app).await?;
    let mut declined = captured(&id);
    declined["type"] = json!("payment_intent.payment_failed");
    declined["data"]["object"]["last_payment_error"] = json!({"code": "card\u{0}declined"});
    Delivery::new("stripe", &declined).send(&app).await?.expect(200)?;
    assert_eq!(state(&customer, &id).await?.0, "failed");
    assert_eq!(app.await_event("PaymentFailedEvent", &id).await?["reason"], "refused");
    Ok(())
}

#[tokio::test]
async fn the_same_event_five_times_has_one_effect() -> Result<()> {
    let app = TestApp::start().await?;
    let (customer, id) = pending(&app).await?;
    let delivery = Delivery::new("stripe", &captured(&id));
    let answers = futures::future::try_join_all((0..5).map(|_| delivery.send(&app))).await?;
    for answer in answers {
        answer.expect(200)?;
    }
    assert_eq!(state(&customer, &id).await?.0, "processed");
    assert_eq!(app.webhooks("stripe", "applied").await?, 1);
    assert_eq!(app.webhooks("stripe", "duplicate").await?, 4);
    assert_eq!(app.events_of(&id).await?, ["PaymentInitiatedEvent", "PaymentProcessedEvent"]);
    Ok(())
}

#[tokio::test]
async fn webhooks_that_come_in_the_wrong_order_end_as_in_the_right_one() -> Result<()> {
    let app = TestApp::start().await?;
    let (customer, id) = pending(&app).await?;
    let story = [refunded(&id, 1999), captured(&id), refunded(&id, 500), captured(&id)];
    for event in &story {
        Delivery::new("stripe", event).send(&app).await?.expect(200)?;
    }
    assert_eq!(state(&customer, &id).await?, ("refunded".to_owned(), "19.99".to_owned()));
    let told = app.events_of(&id).await?;
    assert_eq!(told, ["PaymentInitiatedEvent", "PaymentProcessedEvent", "PaymentRefundedEvent"]);
    Ok(())
}

#[tokio::test]
async fn what_is_none_of_our_business_is_received_and_counted() -> Result<()> {
    let app = TestApp::start().await?;
    let stranger = captured(&Uuid::now_v7().to_string());
    for event in [stripe("customer.created", &json!({"id": "cus_1"})), stranger] {
        Delivery::new("stripe", &event).send(&app).await?.expect(200)?;
    }
    assert_eq!(app.webhooks("stripe", "ignored").await?, 2);
    Ok(())
}

#[tokio::test]
async fn a_webhook_that_contradicts_what_is_known_changes_nothing() -> Result<()> {
    let app = TestApp::start().await?;
    let (customer, id) = pending(&app).await?;
    let mut cheap = captured(&id);
    cheap["data"]["object"]["amount"] = json!(1);
    Delivery::new("stripe", &cheap).send(&app).await?.expect(200)?;
    let capture = json!({"id": "CAP-1", "custom_id": id, "amount": {"currency_code": "USD", "value": "19.99"}});
    let other =
        json!({"id": "WH-1", "event_type": "PAYMENT.CAPTURE.COMPLETED", "resource": capture});
    Delivery::new("paypal", &other).send(&app).await?.expect(200)?;
    assert_eq!(state(&customer, &id).await?.0, "pending");
    assert_eq!(app.webhooks("stripe", "contradiction").await?, 1);
    Ok(())
}

#[tokio::test]
async fn while_the_secret_is_replaced_the_one_before_is_good_as_well() -> Result<()> {
    let app = TestApp::start().await?;
    let now = Utc::now().timestamp();
    let event = stripe("customer.created", &json!({}));
    let with = |secrets: &[&str]| Delivery::unsigned("stripe", &event).signed_with(secrets, now);
    with(&["new"]).send(&app).await?.expect_problem(400)?;
    app.fixture.secret("stripe-webhook-secret", "new")?;
    app.fixture.secret("stripe-webhook-secret-previous", WEBHOOK_SECRET)?;
    for secrets in [&["new"][..], &[WEBHOOK_SECRET], &["other", "new"]] {
        with(secrets).send(&app).await?.expect(200)?;
    }
    app.fixture.secret("stripe-webhook-secret-previous", "")?;
    with(&[WEBHOOK_SECRET]).send(&app).await?.expect_problem(400)?;
    Ok(())
}

#[tokio::test]
async fn what_is_too_large_or_signed_nonsense_is_refused() -> Result<()> {
    let app = TestApp::start().await?;
    let sized = |length: usize| {
        let mut delivery = Delivery::unsigned("stripe", &json!({}));
        delivery.body = vec![b' '; length];
        delivery.signed_with(&[WEBHOOK_SECRET], Utc::now().timestamp())
    };
    sized(256 * 1024 + 1).send(&app).await?.expect_problem(413)?;
    sized(256 * 1024).send(&app).await?.expect_problem(400)?;
    let nonsense = [
        json!({}),
        json!([]),
        json!({"id": "evt_1", "type": "charge.refunded", "data": {"object": {}}}),
    ];
    for document in &nonsense {
        Delivery::new("stripe", document).send(&app).await?.expect_problem(422)?;
    }
    Delivery::new("visa", &json!({})).send(&app).await?.expect_problem(404)?;
    Ok(())
}

#[tokio::test]
async fn with_an_empty_secret_nobody_is_believed() -> Result<()> {
    let app = TestApp::start().await?;
    let event = stripe("customer.created", &json!({}));
    app.fixture.secret("stripe-webhook-secret", "")?;
    Delivery::new("stripe", &event).send(&app).await?.expect_problem(503)?;
    let empty = Delivery::unsigned("stripe", &event).signed_with(&[""], Utc::now().timestamp());
    empty.send(&app).await?.expect_problem(503)?;
    Ok(())
}

/// A way to be refused, and its name.
type Mutant = (String, Delivery);

/// Every way to be refused that differs from a good webhook in one thing.
fn mutants(good: &Value) -> Vec<Mutant> {
    let now = Utc::now().timestamp();
    let genuine = Delivery::unsigned("stripe", good).signed_with(&[WEBHOOK_SECRET], now);
    let mut mutants = signed_otherwise(good, now);
    mutants.extend(addressed_otherwise(&genuine));
    mutants.extend(spelled_otherwise(&genuine, now));
    mutants.extend(with_another_body(&genuine));
    mutants
}

/// By another secret, or at another time. Minutes beyond what is borne, for a slow machine; to the second it is a unit test of `webhook`.
fn signed_otherwise(good: &Value, now: i64) -> Vec<Mutant> {
    let unsigned = Delivery::unsigned("stripe", good);
    let signed = |secrets, at| unsigned.clone().signed_with(secrets, at);
    [
        ("no header", unsigned.clone()),
        ("ten minutes old", signed(&[WEBHOOK_SECRET], now - 600)),
        ("ten minutes ahead", signed(&[WEBHOOK_SECRET], now + 600)),
        ("a day old", signed(&[WEBHOOK_SECRET], now - 86_400)),
        ("in milliseconds", signed(&[WEBHOOK_SECRET], now * 1_000)),
        ("another secret", signed(&["whsec_other"], now)),
        ("two other secrets", signed(&["a", "b"], now)),
    ]
    .map(|(name, mutant)| (name.to_owned(), mutant))
    .into()
}

/// Twice, under another name, or to somebody else.
fn addressed_otherwise(genuine: &Delivery) -> Vec<Mutant> {
    let (mut twice, mut renamed, mut elsewhere) =
        (genuine.clone(), genuine.clone(), genuine.clone());
    twice.headers.push(twice.headers[0].clone());
    renamed.headers[0].0 = "stripe-signature";
    elsewhere.gateway = "paypal";
    [
        ("two headers", twice),
        ("another header's name", renamed),
        ("another provider's route", elsewhere),
    ]
    .map(|(name, mutant)| (name.to_owned(), mutant))
    .into()
}

/// With a header that is not what a provider writes.
fn spelled_otherwise(genuine: &Delivery, now: i64) -> Vec<Mutant> {
    let header = &genuine.headers[0].1;
    let signature = header.split_once("v1=").map(|(_, hex)| hex.to_owned()).unwrap_or_default();
    let many = format!(",v1={}", "0".repeat(64)).repeat(99);
    let short = &signature[..62];
    let last = if signature.ends_with('0') { '1' } else { '0' };
    [
        String::new(),
        " ".to_owned(),
        "t".to_owned(),
        ",".to_owned(),
        format!("t={now}"),
        format!("t={now},v1="),
        format!("t={now},v0={signature}"),
        format!("t={now},v2={signature}"),
        format!("t={now},V1={signature}"),
        format!("v1={signature}"),
        format!("t=,v1={signature}"),
        format!("t=now,v1={signature}"),
        format!("t=-{now},v1={signature}"),
        format!("t=+{now},v1={signature}"),
        format!("t=0{now},v1={signature}"),
        format!("t={now}.0,v1={signature}"),
        format!("t={},v1={signature}", now - 1),
        format!("t={},v1={signature}", now + 1),
        format!("t={now},t={now},v1={signature}"),
        format!("t={now};v1={signature}"),
        format!("t={now} v1={signature}"),
        format!("t={now}, v1={signature}"),
        format!("T={now},v1={signature}"),
        format!("t={now},v1={short}"),
        format!("t={now},v1={short}{last}{last}"),
        format!("t={now},v1={signature}00"),
        format!("t={now},v1={signature},v1=zz"),
        format!("t={now},v1={}", "0".repeat(64)),
        format!("t={now},v1=0x{signature}"),
        format!("t={now}{many},v1={signature}"),
        format!("t={now},v1={}", signature.chars().rev().collect::<String>()),
    ]
    .map(|value| (format!("header `{value}`"), genuine.clone().with_header(value)))
    .into()
}

/// With a body that was not signed.
fn with_another_body(genuine: &Delivery) -> Vec<Mutant> {
    let positions = [0, 1, genuine.body.len() / 2, genuine.body.len() - 1];
    let mut mutants = Vec::from(positions.map(|position| {
        let mut changed = genuine.clone();
        changed.body[position] ^= 1;
        (format!("bit of byte {position}"), changed)
    }));
    let (mut longer, mut empty) = (genuine.clone(), genuine.clone());
    longer.body.push(b' ');
    empty.body.clear();
    mutants.push(("a space more".to_owned(), longer));
    mutants.push(("no body".to_owned(), empty));
    mutants
}

#[tokio::test]
async fn forged_webhooks_are_refused_with_one_answer_and_change_nothing() -> Result<()> {
    let app = TestApp::start().await?;
    let (customer, id) = pending(&app).await?;
    let event = captured(&id);
    let mutants = mutants(&event);
    assert!(mutants.len() >= 40, "{}", mutants.len());
    let mut details = Vec::new();
    for (name, mutant) in &mutants {
        let answer = mutant.send(&app).await?;
        assert_eq!(answer.status.as_u16(), 400, "{name}: {}", answer.text);
        details.push(answer.expect_problem(400)?.json()["detail"].clone());
    }
    details.dedup();
    assert_eq!(details.len(), 1, "{details:?}");
    assert_eq!(state(&customer, &id).await?.0, "pending");
    assert_eq!(app.provider_events().await?, 0);
    for age in [-240, 240] {
        let at = Utc::now().timestamp() - age;
        let late = Delivery::unsigned("stripe", &event).signed_with(&[WEBHOOK_SECRET], at);
        late.send(&app).await?.expect(200)?;
    }
    assert_eq!(state(&customer, &id).await?.0, "processed");
    Ok(())
}
