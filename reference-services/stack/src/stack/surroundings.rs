//! What each service is given: environment, secrets, a port.

use std::{collections::BTreeMap, fs, path::PathBuf};

use anyhow::Context as _;
use ecotrack_servers::{
    Certificates, Kafka, Postgres, Redis, RunFolder, new_password, ports, process::Program,
};
use rcgen::{KeyPair, PKCS_ECDSA_P256_SHA256};
use url::Url;

use super::Options;
use crate::{name::Name, secrets::Mount, service::Service};

/// What the names of secrets that sign webhooks end with.
const WEBHOOK_SECRET: &str = "-webhook-secret";
/// As good as no limit.
const MANY: &str = "1000000";

/// Everything services find around them.
pub(super) struct Surroundings<'a> {
    options: &'a Options,
    certificates: &'a Certificates,
    servers: (&'a Postgres, &'a Redis, &'a Kafka),
    ports: BTreeMap<Name, u16>,
    secrets: BTreeMap<&'static str, String>,
    mounts: PathBuf,
    logs: PathBuf,
    programs: PathBuf,
}

impl<'a> Surroundings<'a> {
    pub(super) fn new(
        options: &'a Options,
        run: &RunFolder,
        certificates: &'a Certificates,
        servers: (&'a Postgres, &'a Redis, &'a Kafka),
    ) -> anyhow::Result<Self> {
        let ports = Name::ALL
            .into_iter()
            .map(|name| Ok((name, ports::free()?)))
            .collect::<anyhow::Result<_>>()?;
        let secrets = secrets(servers.1, servers.2)?;
        let (mounts, logs, programs) =
            (run.folder("secrets")?, run.folder("log")?, run.folder("bin")?);
        Ok(Self { options, certificates, servers, ports, secrets, mounts, logs, programs })
    }

    /// The key tokens are signed with.
    pub(super) fn signing_key(&self) -> &str {
        self.secrets.get("jwt-signing-key").map_or("", String::as_str)
    }

    /// What providers sign with, by provider.
    pub(super) fn webhook_secrets(&self) -> BTreeMap<String, String> {
        let of = |(file, secret): (&&str, &String)| {
            Some((file.strip_suffix(WEBHOOK_SECRET)?.to_owned(), secret.clone()))
        };
        self.secrets.iter().filter_map(of).collect()
    }

    /// Where a service listens.
    pub(super) fn url_of(&self, name: Name) -> anyhow::Result<Url> {
        let port = self.ports.get(&name).with_context(|| format!("{name} has no port"))?;
        Ok(Url::parse(&format!("http://127.0.0.1:{port}"))?)
    }

    /// A service that can be started.
    pub(super) fn service(&self, name: Name, http: reqwest::Client) -> anyhow::Result<Service> {
        let credentials = Mount::at(self.mounts.join(name.as_str()).join("db"));
        let secrets = Mount::at(self.mounts.join(name.as_str()).join("app"));
        let files: Vec<_> = self
            .secrets
            .iter()
            .filter(|(file, _)| is_for(file, name))
            .map(|(file, text)| (*file, text.as_str()))
            .collect();
        secrets.put(&files)?;
        let mut program = Program::new(self.binary(name)?, self.logs.join(format!("{name}.log")));
        program.variables = self.variables(name, &credentials, &secrets)?;
        Ok(Service::new(name, self.url_of(name)?, program, credentials, http))
    }

    /// This run's own link to the binary, so that a build meanwhile does not change what a restart starts.
    fn binary(&self, name: Name) -> anyhow::Result<PathBuf> {
        let (built, own) =
            (self.options.binaries.join(name.as_str()), self.programs.join(name.as_str()));
        fs::hard_link(&built, &own).or_else(|_| fs::copy(&built, &own).map(drop)).with_context(
            || format!("no {}; build it with: cargo build --release -p {name}", built.display()),
        )?;
        Ok(own)
    }

    fn variables(
        &self,
        name: Name,
        credentials: &Mount,
        secrets: &Mount,
    ) -> anyhow::Result<Vec<(String, String)>> {
        let (postgres, redis, kafka) = self.servers;
        let url = |name| Ok::<_, anyhow::Error>(self.url_of(name)?.to_string());
        let text = |path: &std::path::Path| path.display().to_string();
        let address = self.url_of(name)?;
        let mut variables = vec![
            ("ECOTRACK_ENVIRONMENT", "stack".to_owned()),
            ("ECOTRACK_HTTP_ADDR", format!("127.0.0.1:{}", address.port().unwrap_or_default())),
            ("ECOTRACK_DATABASE_URL", postgres.url(name.database())),
            ("ECOTRACK_DATABASE_CREDENTIALS_DIR", text(credentials.path())),
            ("ECOTRACK_SECRETS_DIR", text(secrets.path())),
            ("ECOTRACK_CA_FILE", text(&self.certificates.ca)),
            ("ECOTRACK_REDIS_URL", redis.url()),
            ("ECOTRACK_KAFKA_BROKERS", kafka.secured()),
            ("ECOTRACK_USER_SERVICE_URL", url(Name::UserService)?),
            ("ECOTRACK_PRODUCT_SERVICE_URL", url(Name::ProductService)?),
            ("ECOTRACK_ORDER_SERVICE_URL", url(Name::OrderService)?),
            ("ECOTRACK_PROVIDER_URL", url(Name::ProviderSandbox)?),
            // Customers of races and loads are busier than real ones.
            ("ECOTRACK_MAX_OPEN_ORDERS", MANY.to_owned()),
            // As in the chart: see its values for why.
            ("MALLOC_MMAP_THRESHOLD_", "1048576".to_owned()),
        ];
        if name == Name::ProviderSandbox {
            variables.extend([
                ("ECOTRACK_PAYMENT_WEBHOOK_URL", url(Name::PaymentService)?),
                ("ECOTRACK_NOTIFICATION_WEBHOOK_URL", url(Name::NotificationService)?),
            ]);
        }
        let own = variables.into_iter().map(|(key, value)| (key.to_owned(), value));
        Ok(own.chain(self.options.variables.iter().cloned()).collect())
    }
}

/// One value each, whoever shares it.
fn secrets(redis: &Redis, kafka: &Kafka) -> anyhow::Result<BTreeMap<&'static str, String>> {
    let key =
        KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).context("cannot make a signing key")?;
    Ok(BTreeMap::from([
        ("redis-password", redis.password().to_owned()),
        ("kafka-password", kafka.password().to_owned()),
        ("jwt-signing-key", key.serialize_pem()),
        ("oauth-client-secret", new_password()),
        ("stripe-api-key", format!("sk_test_{}", new_password())),
        ("stripe-webhook-secret", format!("whsec_{}", new_password())),
        ("paypal-client-secret", new_password()),
        ("paypal-webhook-secret", new_password()),
        ("sendgrid-api-key", format!("SG.{}", new_password())),
        ("sendgrid-webhook-secret", new_password()),
        ("twilio-auth-token", new_password()),
        ("twilio-webhook-secret", new_password()),
    ]))
}

/// Who gets which: the sandbox signs its webhooks with what the receivers check.
fn is_for(file: &str, name: Name) -> bool {
    let provider = file.split('-').next().unwrap_or_default();
    match (name, provider) {
        (Name::ProviderSandbox, _) => file.ends_with(WEBHOOK_SECRET),
        (_, "redis" | "kafka")
        | (Name::UserService, "jwt" | "oauth")
        | (Name::PaymentService, "stripe" | "paypal")
        | (Name::NotificationService, "sendgrid" | "twilio") => true,
        _ => false,
    }
}
