//! The service, put together.

use std::time::Duration;

use anyhow::Context as _;
use ecotrack_chassis::config::Settings;
use ecotrack_chassis::{Application, Chassis};
use ecotrack_events::Topic;
use sqlx::migrate::Migrator;

use crate::clients::Mailer;
use crate::consumers::News;
use crate::dispatch::Dispatcher;
use crate::http;
use crate::metrics::NotificationMetrics;
use crate::state::AppState;

static MIGRATIONS: Migrator = sqlx::migrate!();

/// How often due notifications are looked for when there were none.
const DISPATCH_INTERVAL: Duration = Duration::from_millis(250);
/// How long a template is cached.
const TEMPLATE_TTL: Duration = Duration::from_mins(10);
/// Who the mails are from when `ECOTRACK_MAIL_SENDER` does not say.
const USUAL_SENDER: &str = "hello@ecotrack.platform.dev";

/// Name of the service.
pub const SERVICE: &str = "notification-service";

/// Builds the service from its settings.
pub async fn build(settings: Settings) -> anyhow::Result<Application> {
    let secrets = settings.secrets()?;
    let sender =
        settings.optional("ECOTRACK_MAIL_SENDER")?.unwrap_or_else(|| USUAL_SENDER.to_owned());
    let mut chassis = Chassis::new(settings);
    let database = chassis.database(&MIGRATIONS)?;
    chassis.consume(&database, &[Topic::User, Topic::Order, Topic::Payment], News)?;
    let dispatcher = Dispatcher {
        database: database.clone(),
        outbox: chassis.outbox(&database)?,
        mailer: Mailer::new(
            chassis.client("provider-sandbox", "ECOTRACK_PROVIDER_URL")?,
            secrets,
            sender,
        ),
        templates: chassis.cache()?.of("notification:template", TEMPLATE_TTL),
        metrics: NotificationMetrics::register(chassis.registry()),
    };
    chassis.workers().repeat("dispatcher", DISPATCH_INTERVAL, move || {
        let dispatcher = dispatcher.clone();
        async move { dispatcher.step().await }
    });
    let state = AppState { database, verifier: chassis.verifier()? };
    let (routes, openapi) = http::router().split_for_parts();
    chassis
        .serve(routes.with_state(state), openapi)
        .await
        .context("notification-service cannot listen")
}
