//! Configuration of a service: environment variables, read once through a [`Source`] that tests replace.

mod secrets;
mod source;

use std::{net::SocketAddr, path::PathBuf, str::FromStr, sync::Arc};

use url::Url;

pub use secrets::Secrets;
pub(crate) use secrets::read_secret;
pub use source::{Environment, Source};

/// Where the service listens when nothing says otherwise.
const DEFAULT_HTTP_ADDR: &str = "0.0.0.0:8080";
/// What is logged when nothing says otherwise: not what clients report as normal business.
const DEFAULT_LOG_FILTER: &str = "info,sqlx::postgres::notice=warn,librdkafka=warn";
/// Share of new traces that is kept when nothing says otherwise.
const DEFAULT_TRACE_SHARE: f64 = 0.1;

/// Why a service cannot start with what it was given.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// A variable that has no default is not set.
    #[error("environment variable {0} is not set")]
    Missing(String),
    /// A variable does not hold what it should.
    #[error("environment variable {key} is not valid: {reason}")]
    Invalid {
        /// The variable.
        key: String,
        /// What is wrong with its value; never the value itself, it may be a secret.
        reason: String,
    },
    /// A mounted file cannot be read.
    #[error("cannot read {path}")]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
}

/// What every service needs to know, and the source of what only some need.
#[derive(Clone)]
pub struct Settings {
    /// Name of the service, for example `user-service`.
    pub service: &'static str,
    /// `ECOTRACK_ENVIRONMENT`: dev, staging or prod; a label of metrics and traces.
    pub environment: String,
    /// `ECOTRACK_HTTP_ADDR`: address to listen on; port 0 takes any free one.
    pub http_addr: SocketAddr,
    /// `OTEL_EXPORTER_OTLP_ENDPOINT`: where traces go; without it they go nowhere.
    pub otlp_endpoint: Option<Url>,
    /// `OTEL_TRACES_SAMPLER_ARG`: share of new traces that is kept, 0 to 1.
    pub trace_share: f64,
    /// `ECOTRACK_LOG`: log filter, for example `info,sqlx=debug`.
    pub log_filter: String,
    source: Arc<dyn Source>,
}

impl Settings {
    /// Reads what every service needs.
    pub fn load(service: &'static str, source: Arc<dyn Source>) -> Result<Self, ConfigError> {
        let source_ref = source.as_ref();
        let settings = Self {
            service,
            environment: required(source_ref, "ECOTRACK_ENVIRONMENT")?,
            http_addr: optional(source_ref, "ECOTRACK_HTTP_ADDR")?
                .map_or_else(|| parse("ECOTRACK_HTTP_ADDR", DEFAULT_HTTP_ADDR), Ok)?,
            otlp_endpoint: optional(source_ref, "OTEL_EXPORTER_OTLP_ENDPOINT")?,
            trace_share: optional(source_ref, "OTEL_TRACES_SAMPLER_ARG")?
                .unwrap_or(DEFAULT_TRACE_SHARE),
            log_filter: optional(source_ref, "ECOTRACK_LOG")?
                .unwrap_or_else(|| DEFAULT_LOG_FILTER.to_owned()),
            source,
        };
        if !(0.0..=1.0).contains(&settings.trace_share) {
            return Err(invalid("OTEL_TRACES_SAMPLER_ARG", "not between 0 and 1"));
        }
        Ok(settings)
    }

    /// A variable that must be set, for example `settings.required::<Url>("ECOTRACK_PROVIDER_URL")`.
    pub fn required<T: FromStr<Err: std::fmt::Display>>(
        &self,
        key: &str,
    ) -> Result<T, ConfigError> {
        required(self.source.as_ref(), key)
    }

    /// A variable that may be absent or empty.
    pub fn optional<T: FromStr<Err: std::fmt::Display>>(
        &self,
        key: &str,
    ) -> Result<Option<T>, ConfigError> {
        optional(self.source.as_ref(), key)
    }

    /// `ECOTRACK_SECRETS_DIR`: the service's application secrets, one file each.
    pub fn secrets(&self) -> Result<Secrets, ConfigError> {
        Ok(Secrets::in_dir(self.required("ECOTRACK_SECRETS_DIR")?))
    }

    /// `ECOTRACK_CA_FILE`: the platform's certificate authority, in PEM.
    pub fn ca_file(&self) -> Result<Option<PathBuf>, ConfigError> {
        self.optional("ECOTRACK_CA_FILE")
    }

    /// The schema the service owns in the database, for example `user_service`.
    #[must_use]
    pub fn schema(&self) -> String {
        self.service.replace('-', "_")
    }
}

fn required<T: FromStr<Err: std::fmt::Display>>(
    source: &dyn Source,
    key: &str,
) -> Result<T, ConfigError> {
    optional(source, key)?.ok_or_else(|| ConfigError::Missing(key.to_owned()))
}

fn optional<T: FromStr<Err: std::fmt::Display>>(
    source: &dyn Source,
    key: &str,
) -> Result<Option<T>, ConfigError> {
    source.get(key).filter(|text| !text.is_empty()).map(|text| parse(key, &text)).transpose()
}

fn parse<T: FromStr<Err: std::fmt::Display>>(key: &str, text: &str) -> Result<T, ConfigError> {
    text.parse().map_err(|error: T::Err| invalid(key, &error.to_string()))
}

fn invalid(key: &str, reason: &str) -> ConfigError {
    ConfigError::Invalid { key: key.to_owned(), reason: reason.to_owned() }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;

    fn load(variables: &[(&str, &str)]) -> Result<Settings, ConfigError> {
        let source: HashMap<String, String> =
            variables.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
        Settings::load("user-service", Arc::new(source))
    }

    #[test]
    fn only_the_environment_has_no_default() {
        let settings = load(&[("ECOTRACK_ENVIRONMENT", "dev")]).unwrap();
        assert_eq!(settings.http_addr.port(), 8080);
        assert_eq!(settings.schema(), "user_service");
        assert!(
            matches!(load(&[]), Err(ConfigError::Missing(key)) if key == "ECOTRACK_ENVIRONMENT")
        );
    }

    #[test]
    fn an_invalid_value_names_its_variable() {
        let variables = [("ECOTRACK_ENVIRONMENT", "dev"), ("OTEL_TRACES_SAMPLER_ARG", "1.5")];
        let error = load(&variables).map(|_| ()).unwrap_err();
        assert_eq!(
            error.to_string(),
            "environment variable OTEL_TRACES_SAMPLER_ARG is not valid: not between 0 and 1"
        );
    }

    #[test]
    fn an_empty_variable_counts_as_absent() {
        let variables = [("ECOTRACK_ENVIRONMENT", "dev"), ("OTEL_EXPORTER_OTLP_ENDPOINT", "")];
        assert!(load(&variables).unwrap().otlp_endpoint.is_none());
    }
}
