//! A secret of the scenario's own: made, changed and deleted at its source, watched in Kubernetes.

use std::collections::BTreeMap;

use conformance::check::judge;
use conformance::component::openbao::OpenBao;
use conformance::component::places::CONFORMANCE;
use conformance::component::secrets::{SyncedSecret, find_keys};
use conformance::sweep::secret_path;
use conformance::verdict::Outcome;
use cucumber::{given, then, when};
use uuid::Uuid;

use super::asking::{await_settled, client};
use crate::world::World;

const KEY: &str = "value";

/// Where the secret is at its source, and what it says there.
struct Source {
    path: String,
    value: String,
}

#[given("a secret of the scenario's own in OpenBao")]
async fn made(world: &mut World) -> Outcome {
    let path = secret_path(world.suite().run(), world.identity().name());
    write(world, path).await
}

#[when("the secret is changed at its source")]
async fn changed(world: &mut World) -> Outcome {
    let path = world.recall::<Source>()?.path.clone();
    write(world, path).await
}

async fn write(world: &mut World, path: String) -> Outcome {
    let value = Uuid::new_v4().to_string();
    let fields = BTreeMap::from([(KEY.to_owned(), value.clone())]);
    let openbao = client::<OpenBao>(world).await?;
    world
        .journal()
        .asked("openbao", format!("write {path}"), openbao.write_secret(&path, &fields), |()| {
            value.clone()
        })
        .await?;
    world.remember(Source { path, value });
    Ok(())
}

#[given("an external secret that fetches it")]
async fn fetched(world: &mut World) -> Outcome {
    let path = &world.recall::<Source>()?.path;
    let synced = SyncedSecret::create(world.suite(), world.identity().name(), path).await?;
    world.remember(synced);
    Ok(())
}

#[then("the secret arrives in Kubernetes")]
#[then("the change arrives in Kubernetes")]
async fn arrives(world: &mut World) -> Outcome {
    let value = world.recall::<Source>()?.value.clone();
    await_value(world, Some(value)).await
}

#[when("the secret is deleted at its source")]
async fn deleted(world: &mut World) -> Outcome {
    let path = world.recall::<Source>()?.path.clone();
    let openbao = client::<OpenBao>(world).await?;
    Ok(world
        .journal()
        .asked("openbao", format!("delete {path}"), openbao.delete_secret(&path), |()| {
            "deleted".to_owned()
        })
        .await?)
}

#[then("the secret is gone from Kubernetes")]
async fn gone(world: &mut World) -> Outcome {
    await_value(world, None).await?;
    Ok(world.recall::<SyncedSecret>()?.delete(world.suite().cluster()).await?)
}

async fn await_value(world: &World, expected: Option<String>) -> Outcome {
    let (cluster, name) =
        (world.suite().cluster(), world.recall::<SyncedSecret>()?.name().to_owned());
    let value = || async {
        anyhow::Ok(
            find_keys(cluster, CONFORMANCE, &name).await?.and_then(|mut keys| keys.remove(KEY)),
        )
    };
    let is_expected = |value: &Option<String>| {
        judge(*value == expected, format!("{expected:?}"), format!("{value:?}"))
    };
    await_settled(
        world,
        &format!("secret {CONFORMANCE}/{name}"),
        world.suite().timeouts().secret_synced,
        value,
        is_expected,
    )
    .await
    .map(drop)
}
