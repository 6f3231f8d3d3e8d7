//! By TLS and password, as on the platform; and not where the certificate is nobody's we know, or somebody else's.

use std::{str::FromStr as _, time::Duration};

use anyhow::{Context as _, Result, ensure};
use ecotrack_chassis::{
    Chassis,
    cache::{Cache, CacheSettings},
    kafka::{Headers, KafkaSettings, Producer, Record},
    test_support::{Fixture, eventually},
};
use ecotrack_events::{Envelope, Topic};
use ecotrack_servers::Shared;
use prometheus_client::registry::Registry;
use rcgen::{BasicConstraints, CertificateParams, IsCa, KeyPair};
use sqlx::{Connection as _, PgConnection, postgres::PgConnectOptions};
use tokio::net::{TcpListener, TcpStream};

use crate::helpers::{Bench, MIGRATIONS, event};

const TTL: Duration = Duration::from_mins(1);

fn cache(fixture: &Fixture) -> Result<Cache> {
    let settings = CacheSettings::load(&fixture.settings("test-service")?)?;
    Cache::new(&settings, &mut Registry::default())
}

pub(crate) fn producer(fixture: &Fixture) -> Result<Producer> {
    Producer::new(&KafkaSettings::load(&fixture.settings("test-service")?)?)
}

pub(crate) fn record() -> Result<Record> {
    Ok(Record::of_event(&Envelope::new("test-service", event()), Headers::new())?)
}

/// The certificate of an authority that signed nothing here.
fn stranger() -> Result<String> {
    let mut authority = CertificateParams::new(Vec::new())?;
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    Ok(authority.self_signed(&KeyPair::generate()?)?.pem())
}

#[tokio::test]
async fn database_cache_and_broker_are_reached_by_tls() -> Result<()> {
    let bench = Bench::in_surroundings(Fixture::new().await?.secured().await?).await?;
    let mut connection = bench.database.acquire().await?;
    let is_encrypted = "select ssl from pg_stat_ssl where pid = pg_backend_pid()";
    ensure!(sqlx::query_scalar::<_, bool>(is_encrypted).fetch_one(&mut *connection).await?);

    let (values, id) = (cache(&bench.fixture)?.of::<u32>("secured", TTL), event().user_id);
    eventually(|| async {
        values.put(&id.to_string(), &7).await;
        ensure!(values.get(&id.to_string()).await == Some(7), "it is not in the cache");
        Ok(())
    })
    .await?;

    let record = record()?;
    producer(&bench.fixture)?.send(&record).await?;
    bench.fixture.kafka.await_event(Topic::User, "UserDeletedEvent", &record.key).await?;
    Ok(())
}

#[tokio::test]
async fn a_server_with_a_certificate_of_a_stranger_is_not_spoken_to() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("ca.crt");
    std::fs::write(&file, stranger()?)?;
    let fixture = Fixture::new().await?.secured().await?;
    expect_silence(&fixture.with("ECOTRACK_CA_FILE", &file.display().to_string())).await
}

#[tokio::test]
async fn a_server_with_a_certificate_for_another_name_is_not_spoken_to() -> Result<()> {
    let fixture = Fixture::new().await?.secured().await?;
    let servers = Shared::find().await?;
    let database = by_another_door(&fixture.database.url).await?;
    // The door leads there, and all but the name is right.
    let url = database.replace("sslmode=disable", "sslmode=verify-ca");
    let options = PgConnectOptions::from_str(&url)?.username("postgres");
    PgConnection::connect_with(&options.ssl_root_cert(&servers.ca_file)).await?.close().await?;
    let fixture = fixture
        .with("ECOTRACK_DATABASE_URL", &database.replace("disable", "verify-full"))
        .with("ECOTRACK_REDIS_URL", &by_another_door(&servers.redis_tls).await?)
        .with("ECOTRACK_KAFKA_BROKERS", &by_another_door(&servers.kafka_tls).await?);
    expect_silence(&fixture).await
}

/// The same server by a door at an address that its certificate does not have.
async fn by_another_door(url: &str) -> Result<String> {
    let start = url.find("127.0.0.1:").context("no server of this machine")?;
    let end = url[start..].find('/').map_or(url.len(), |slash| start + slash);
    let server = url[start..end].to_owned();
    let listener = TcpListener::bind("127.0.0.2:0").await?;
    let door = listener.local_addr()?;
    tokio::spawn(async move {
        while let Ok((mut client, _)) = listener.accept().await {
            let server = server.clone();
            tokio::spawn(async move {
                let mut server = TcpStream::connect(server).await?;
                tokio::io::copy_bidirectional(&mut client, &mut server).await
            });
        }
    });
    Ok(format!("{}{door}{}", &url[..start], &url[end..]))
}

/// Fails if database, cache or broker are used.
async fn expect_silence(fixture: &Fixture) -> Result<()> {
    let mut chassis = Chassis::new(fixture.settings("test-service")?);
    let database = chassis.database(&MIGRATIONS)?;

    let (values, id) = (cache(fixture)?.of::<u32>("secured", TTL), event().user_id);
    values.put(&id.to_string(), &7).await;
    assert_eq!(values.get(&id.to_string()).await, None);

    // This takes its time, in which the database could have been reached.
    ensure!(producer(fixture)?.send(&record()?).await.is_err(), "Kafka took a record");
    ensure!(!database.is_ready().await, "the database is in use");
    Ok(())
}
