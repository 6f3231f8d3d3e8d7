//! The service, put together.

use std::time::Duration;

use anyhow::Context as _;
use ecotrack_chassis::config::Settings;
use ecotrack_chassis::http_client::{SERVICE_BREAKER, ServiceClient};
use ecotrack_chassis::openapi::with_refusals;
use ecotrack_chassis::outbox::Outbox;
use ecotrack_chassis::postgres::Database;
use ecotrack_chassis::webhook::Gate;
use ecotrack_chassis::{Application, Chassis};
use ecotrack_events::Topic;
use sqlx::migrate::Migrator;

use crate::choices::Choices;
use crate::clients::{Mailer, Provider, Texter};
use crate::consumers::News;
use crate::dispatch::Dispatcher;
use crate::domain::channel::Channel;
use crate::domain::phone::PhoneNumber;
use crate::http::{self, Signatures};
use crate::metrics::{NotificationMetrics, WebhookMetrics};
use crate::reports::Reports;
use crate::state::AppState;

static MIGRATIONS: Migrator = sqlx::migrate!();

/// How often due notifications are looked for when there were none.
const DISPATCH_INTERVAL: Duration = Duration::from_millis(250);
/// How long a template is cached.
const TEMPLATE_TTL: Duration = Duration::from_mins(10);
/// Who the mails are from when `ECOTRACK_MAIL_SENDER` does not say.
const USUAL_SENDER: &str = "hello@ecotrack.platform.dev";
/// Whose number text messages are from when `ECOTRACK_SMS_SENDER` does not say.
const USUAL_NUMBER: &str = "+15005550006";
/// The account with the provider of text messages when `ECOTRACK_TWILIO_ACCOUNT_SID` does not say.
const USUAL_ACCOUNT: &str = "ACecotrack";

/// Name of the service.
pub const SERVICE: &str = "notification-service";

/// Builds the service from its settings.
pub async fn build(settings: Settings) -> anyhow::Result<Application> {
    let secrets = settings.secrets()?;
    let mut chassis = Chassis::new(settings);
    let database = chassis.database(&MIGRATIONS)?;
    let outbox = chassis.outbox(&database)?;
    let metrics = NotificationMetrics::register(chassis.registry());
    let news = News { outbox: outbox.clone(), metrics: metrics.clone() };
    chassis.consume(&database, &[Topic::User, Topic::Order, Topic::Payment], news)?;
    dispatch(&mut chassis, &database, &outbox, &metrics)?;
    let webhooks = WebhookMetrics::register(chassis.registry());
    let state = AppState {
        verifier: chassis.verifier()?,
        choices: Choices {
            database: database.clone(),
            outbox: outbox.clone(),
            metrics: metrics.clone(),
        },
        reports: Reports { database: database.clone(), outbox, metrics },
        signatures: Signatures { gate: Gate::new(secrets), metrics: webhooks },
        database,
    };
    let (routes, openapi) = http::router().split_for_parts();
    chassis
        .serve(routes.with_state(state), with_refusals(openapi))
        .await
        .context("notification-service cannot listen")
}

/// Starts a worker for each channel.
fn dispatch(
    chassis: &mut Chassis,
    database: &Database,
    outbox: &Outbox,
    metrics: &NotificationMetrics,
) -> anyhow::Result<()> {
    let dispatcher = Dispatcher {
        database: database.clone(),
        outbox: outbox.clone(),
        mailer: mailer(chassis)?,
        texter: texter(chassis)?,
        templates: chassis.cache()?.of("notification:template", TEMPLATE_TTL),
        metrics: metrics.clone(),
    };
    for channel in Channel::ALL {
        let dispatcher = dispatcher.clone();
        chassis.workers().repeat(channel.dispatcher(), DISPATCH_INTERVAL, move || {
            let dispatcher = dispatcher.clone();
            async move { dispatcher.step(channel).await }
        });
    }
    Ok(())
}

fn mailer(chassis: &Chassis) -> anyhow::Result<Mailer> {
    let provider = provider(chassis, "sendgrid", "sendgrid-api-key")?;
    Ok(Mailer::new(provider, setting(chassis, "ECOTRACK_MAIL_SENDER", USUAL_SENDER)?))
}

fn texter(chassis: &Chassis) -> anyhow::Result<Texter> {
    let provider = provider(chassis, "twilio", "twilio-auth-token")?;
    let account = setting(chassis, "ECOTRACK_TWILIO_ACCOUNT_SID", USUAL_ACCOUNT)?;
    let number = setting(chassis, "ECOTRACK_SMS_SENDER", USUAL_NUMBER)?;
    let number = PhoneNumber::parse(&number).context("ECOTRACK_SMS_SENDER is not valid")?;
    Ok(Texter::new(provider, account, number))
}

/// A provider with a breaker of its own: one that is away says nothing about the other.
fn provider(
    chassis: &Chassis,
    name: &'static str,
    secret: &'static str,
) -> anyhow::Result<Provider> {
    let url = chassis.settings().required("ECOTRACK_PROVIDER_URL")?;
    let client = ServiceClient::new("provider-sandbox", url)?
        .with_breaker(chassis.breaker(name, SERVICE_BREAKER));
    Ok(Provider::new(client, chassis.settings().secrets()?, secret))
}

fn setting(chassis: &Chassis, key: &str, usual: &str) -> anyhow::Result<String> {
    Ok(chassis.settings().optional(key)?.unwrap_or_else(|| usual.to_owned()))
}
