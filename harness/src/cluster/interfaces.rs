//! Where the HTTP interfaces of the platform's parts are: as on the project's own platform, unless a profile says otherwise.

use std::fmt;

use serde::Deserialize;

use super::Target;

/// One port of one Service, written `namespace/service:port`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Interface {
    /// The Service's namespace.
    pub namespace: String,
    /// The Service's name.
    pub service: String,
    /// The Service's own port number.
    pub port: u16,
}

impl Interface {
    /// A port of a Service.
    #[must_use]
    pub fn new(namespace: &str, service: &str, port: u16) -> Self {
        Self { namespace: namespace.to_owned(), service: service.to_owned(), port }
    }

    fn parse(text: &str) -> Option<Self> {
        let (namespace, rest) = text.split_once('/')?;
        let (service, port) = rest.split_once(':')?;
        let is_name = |name: &str| !name.is_empty() && !name.contains(['/', ':']);
        let interface = Self::new(namespace, service, port.parse().ok()?);
        (is_name(namespace) && is_name(service)).then_some(interface)
    }
}

impl TryFrom<String> for Interface {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        Self::parse(&text)
            .ok_or_else(|| format!("`{text}` is no interface; write namespace/service:port"))
    }
}

impl From<&Interface> for Target {
    fn from(interface: &Interface) -> Self {
        Self::service(&*interface.namespace, &*interface.service, interface.port)
    }
}

impl fmt::Display for Interface {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}/{}:{}", self.namespace, self.service, self.port)
    }
}

/// The interfaces by what answers there.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Interfaces {
    /// Prometheus' API.
    pub prometheus: Interface,
    /// Alertmanager's API.
    pub alertmanager: Interface,
    /// Loki's API.
    pub loki: Interface,
    /// Tempo's API, where there is a Tempo.
    pub tempo: Interface,
    /// Jaeger's query API, where there is none.
    pub jaeger: Interface,
    /// The OpenTelemetry collector's OTLP receiver over HTTP.
    pub collector: Interface,
    /// Grafana's API.
    pub grafana: Interface,
}

impl Default for Interfaces {
    fn default() -> Self {
        let observability = |service, port| Interface::new("observability", service, port);
        Self {
            prometheus: observability("prometheus-operated", 9090),
            alertmanager: observability("alertmanager-operated", 9093),
            loki: observability("loki", 3100),
            tempo: observability("tempo", 3200),
            jaeger: observability("jaeger", 16686),
            collector: observability("otelcol", 4318),
            grafana: observability("grafana", 80),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_said_is_where_it_is_on_our_own_platform() {
        let said = "prometheus: monitoring/kube-prometheus-stack-prometheus:9090";
        let interfaces: Interfaces = serde_yaml_ng::from_str(said).unwrap();
        assert_eq!(
            interfaces.prometheus.to_string(),
            "monitoring/kube-prometheus-stack-prometheus:9090"
        );
        assert_eq!(interfaces.loki, Interfaces::default().loki);
    }

    #[test]
    fn what_is_no_interface_is_refused_with_the_form_that_is_wanted() {
        for said in ["loki: loki:3100", "loki: a/b", "loki: a/b:c", "loki: /b:1", "loki: a/b/c:1"] {
            let error = serde_yaml_ng::from_str::<Interfaces>(said).unwrap_err().to_string();
            assert!(error.contains("namespace/service:port"), "{said}: {error}");
        }
        assert!(serde_yaml_ng::from_str::<Interfaces>("zipkin: a/b:1").is_err());
    }
}
