//! Redis at the level of its protocol.

use conformance::check::both;
use conformance::check::probe::{said, silent_to_plaintext, spoke_tls};
use conformance::component::redis::Redis;
use conformance::verdict::Outcome;
use cucumber::then;

use super::asking::{client, expect};
use crate::world::World;

#[then("Redis cuts off a client that speaks plain text")]
async fn cuts_off_plaintext(world: &mut World) -> Outcome {
    let redis = client::<Redis>(world).await?;
    let answer = world
        .journal()
        .asked("redis", "PING in plain text", redis.ping_in_plaintext(), |answer| {
            format!("{answer:?}")
        })
        .await?;
    expect(world, "plain text", &answer, silent_to_plaintext)
}

#[then("Redis refuses a client without a password over TLS")]
async fn wants_a_password(world: &mut World) -> Outcome {
    let redis = client::<Redis>(world).await?;
    let answer = world
        .journal()
        .asked("redis", "PING without a password", redis.ping_without_password(), |answer| {
            format!("{answer:?}")
        })
        .await?;
    expect(world, "no password", &answer, both(spoke_tls, said("NOAUTH")))
}

#[then("Redis answers a client with the services' password over TLS")]
async fn answers(world: &mut World) -> Outcome {
    let redis = client::<Redis>(world).await?;
    let asked = redis.ping_with_password(world.suite());
    let answer = world
        .journal()
        .asked("redis", "PING with the password", asked, |answer| format!("{answer:?}"))
        .await?;
    expect(world, "the password", &answer, both(spoke_tls, said("PONG")))
}
