//! Redis without anything of ours: values read by the client library alone.

use anyhow::{Context as _, ensure};
use ecotrack_stack::{
    Stack,
    bench::{
        drive::{CLIENTS, repeat},
        rounds::Scale,
        usage::{cpu_seconds, per_thousand},
    },
};
use redis::{Client, IntoConnectionInfo as _, RedisConnectionInfo, TlsCertificates};

/// CPU seconds of a thousand reads of a key, by as many at once as ask the service.
pub(crate) async fn cpu_of_reads(stack: &Stack, key: &str, scale: &Scale) -> anyhow::Result<f64> {
    let manager = client(stack)?.get_connection_manager().await.context("no Redis")?;
    let read = &async |_: usize| {
        let mut manager = manager.clone();
        let value: Vec<u8> = redis::cmd("GET").arg(key).query_async(&mut manager).await?;
        ensure!(!value.is_empty(), "{key} holds nothing");
        Ok(())
    };
    // Nobody but this works here meanwhile.
    let used = cpu_seconds(std::process::id())?;
    let reads = repeat(CLIENTS, scale.time, read).await?;
    let spent = cpu_seconds(std::process::id())? - used;
    Ok(per_thousand(spent, f64::from(u32::try_from(reads.count())?)))
}

/// As a service comes in.
fn client(stack: &Stack) -> anyhow::Result<Client> {
    let login = RedisConnectionInfo::default().set_password(stack.redis().password());
    let info = stack.redis().url().into_connection_info()?.set_redis_settings(login);
    let root_cert = Some(std::fs::read(stack.folder().join("certificates/ca.crt"))?);
    Ok(Client::build_with_tls(info, TlsCertificates { client_tls: None, root_cert })?)
}
