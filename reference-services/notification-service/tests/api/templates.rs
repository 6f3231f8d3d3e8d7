//! Every text there is can be written with what its event says.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context as _, Result};
use chrono::Utc;
use ecotrack_events::order::{OrderCancelled, OrderCompleted, OrderCreated};
use ecotrack_events::payment::{PaymentFailed, PaymentProcessed, PaymentRefunded};
use ecotrack_events::user::UserRegistered;
use ecotrack_events::{Currency, Event, Money};
use notification_service::domain::channel::Channel;
use notification_service::domain::draft::{self, Draft};
use notification_service::domain::message::Template;
use notification_service::domain::template::TemplateName;
use uuid::Uuid;

use crate::helpers::TestApp;

const NAME: &str = "<Ann>";

fn order_events() -> Vec<Event> {
    let (order_id, user_id, now) = (Uuid::now_v7(), Uuid::now_v7(), Utc::now());
    let total = Money::from_minor(1250, Currency::Eur);
    let reason = "customer".to_owned();
    vec![
        OrderCreated { order_id, user_id, lines: Vec::new(), total, created_at: now }.into(),
        OrderCompleted { order_id, user_id, total, completed_at: now }.into(),
        OrderCancelled { order_id, user_id, reason, cancelled_at: now }.into(),
    ]
}

fn payment_events() -> Vec<Event> {
    let (payment_id, order_id, user_id) = (Uuid::now_v7(), Uuid::now_v7(), Uuid::now_v7());
    let (amount, now) = (Money::from_minor(1250, Currency::Eur), Utc::now());
    let (gateway, method) = ("stripe".to_owned(), "card".to_owned());
    let (reason, provider_reference) = ("declined".to_owned(), "pi_1".to_owned());
    vec![
        PaymentProcessed {
            payment_id,
            order_id,
            user_id,
            amount,
            gateway: gateway.clone(),
            method: method.clone(),
            provider_reference: provider_reference.clone(),
            processed_at: now,
        }
        .into(),
        PaymentFailed {
            payment_id,
            order_id,
            user_id,
            amount,
            gateway: gateway.clone(),
            method: method.clone(),
            reason,
            failed_at: now,
        }
        .into(),
        PaymentRefunded {
            payment_id,
            order_id,
            user_id,
            amount,
            gateway,
            method,
            provider_reference,
            refunded_at: now,
            refunded_total: None,
            refund_id: None,
        }
        .into(),
    ]
}

/// One draft of each template.
fn drafts() -> Vec<Draft> {
    let registered = UserRegistered {
        user_id: Uuid::now_v7(),
        email: "ann@example.org".to_owned(),
        first_name: NAME.to_owned(),
        registered_at: Utc::now(),
    };
    let events = [vec![registered.into()], order_events(), payment_events()].concat();
    let mut drafts: Vec<_> = events.iter().filter_map(draft::for_event).collect();
    drafts.push(draft::email_changed(Uuid::now_v7()));
    drafts
}

#[tokio::test]
async fn every_template_is_there_on_every_channel_and_fits_what_its_event_says() -> Result<()> {
    let app = TestApp::start().await?;
    let mut conn = app.fixture.database.connect().await?;
    let mut rendered = BTreeSet::new();
    for draft in drafts() {
        let mut values: BTreeMap<String, String> = draft
            .parameters
            .iter()
            .map(|(name, value)| ((*name).to_owned(), value.clone()))
            .collect();
        values.insert("first_name".to_owned(), NAME.to_owned());
        for channel in Channel::ALL {
            let name = draft.template.name();
            let (subject, body, html): (String, String, Option<String>) = sqlx::query_as(
                "SELECT subject, body, html FROM notification_service.templates WHERE name = $1 AND channel = $2",
            )
            .bind(name)
            .bind(channel.name())
            .fetch_one(&mut conn)
            .await
            .with_context(|| format!("there is no {name} for {}", channel.name()))?;
            let message = Template { subject, body, html }.render(&values)?;
            let is_mail = channel == Channel::Email;
            assert_eq!((message.html.is_some(), !message.subject.is_empty()), (is_mail, is_mail));
            let html = message.html.unwrap_or_default();
            assert!(!html.contains(NAME) && !message.body.contains("{{"), "{name}");
            rendered.insert(name);
        }
    }
    assert_eq!(rendered, TemplateName::ALL.into_iter().map(TemplateName::name).collect());
    Ok(())
}
