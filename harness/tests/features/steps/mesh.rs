//! The mesh from inside: who may speak, who is refused, and by whom.

use std::sync::Arc;

use anyhow::Context;
use conformance::check::probe::{answered, cut_off};
use conformance::check::{http, judge};
use conformance::cluster::probe_pod::ProbePod;
use conformance::component::istio::AccessLogEntry;
use conformance::component::loki::Loki;
use conformance::component::pods;
use conformance::component::probes::{Attempt, HttpQuestion, Probes, ask};
use conformance::services::{Answer, Ids, Session};
use conformance::verdict::Outcome;
use cucumber::{given, then, when};
use secrecy::ExposeSecret;
use uuid::Uuid;

use super::asking::{await_answer, client, expect, ids, said};
use crate::world::World;

/// The probe that is not part of the mesh.
pub(crate) struct Plain(pub(crate) Arc<ProbePod>);
/// The probe of the mesh.
struct Meshed(Arc<ProbePod>);
/// The second probe of the mesh, and the ids its request carries.
struct Other(Arc<ProbePod>, Ids);

/// What the plain probe met.
struct PlainAttempt(Attempt);
/// What the probe of the mesh met.
struct MeshedAttempt(Attempt);
/// What the second probe of the mesh met, and how many requests the service's proxies had refused before.
struct OtherAttempt(Attempt, u64);

#[given("a probe without a sidecar")]
async fn plain_probe(world: &mut World) -> Outcome {
    let probe = client::<Probes>(world).await?.plain().await?;
    world.remember(Plain(probe));
    Ok(())
}

#[given(expr = "a probe of the mesh as {string}")]
async fn meshed_probe(world: &mut World, account: String) -> Outcome {
    let probe = client::<Probes>(world).await?.meshed(&account).await?;
    world.remember(Meshed(probe));
    Ok(())
}

#[given(expr = "another probe of the mesh as {string}")]
async fn other_probe(world: &mut World, account: String) -> Outcome {
    let probe = client::<Probes>(world).await?.meshed(&account).await?;
    world.remember(Other(probe, Ids::unrelated()));
    Ok(())
}

#[when(expr = "the plain probe asks a pod of {string} for {string}")]
async fn plain_asks(world: &mut World, service: String, path: String) -> Outcome {
    let pods = pods::list_ready(world.suite().cluster(), &service).await?;
    let pod = pods.first().context("no pod to ask")?;
    let attempt = attempt(
        world,
        &world.recall::<Plain>()?.0,
        "GET",
        &format!("http://{}:8080{path}", pod.ip),
        &Ids::unrelated(),
    )
    .await?;
    world.remember(PlainAttempt(attempt));
    Ok(())
}

#[when(expr = "the probe of the mesh asks {string} for {string}")]
async fn meshed_asks(world: &mut World, service: String, path: String) -> Outcome {
    let ids = ids(world);
    let attempt =
        attempt(world, &world.recall::<Meshed>()?.0, "GET", &address(&service, &path), &ids)
            .await?;
    world.remember(MeshedAttempt(attempt));
    Ok(())
}

#[then("the plain probe's connection is cut off")]
fn plain_is_cut_off(world: &mut World) -> Outcome {
    expect(world, "the plain probe", &world.recall::<PlainAttempt>()?.0, cut_off)
}

#[then(expr = "the probe of the mesh is answered with {int}")]
fn meshed_is_answered(world: &mut World, status: u16) -> Outcome {
    expect(world, "the probe of the mesh", &world.recall::<MeshedAttempt>()?.0, answered(status))
}

#[then(expr = "the proxy of {string} saw the identity {string}")]
async fn proxy_saw(world: &mut World, service: String, identity: String) -> Outcome {
    let ids = ids(world);
    let of_caller = |entries: &Vec<AccessLogEntry>| {
        let seen = entries.iter().any(|entry| entry.peer == identity && entry.status == 200);
        judge(seen, format!("a request of {identity} answered with 200"), format!("{entries:?}"))
    };
    await_access_log(world, &service, &ids, of_caller).await
}

#[when(regex = r#"^both probes send (GET|POST) (\S+) to "([^"]+)" for the customer$"#)]
async fn both_ask(world: &mut World, method: String, path: String, service: String) -> Outcome {
    let customer = world.recall::<Session>()?.user_id.clone();
    let path = path.replace("{customer}", &customer).replace("{any}", &Uuid::now_v7().to_string());
    let (url, ids) = (address(&service, &path), ids(world));
    let refused_before = pods::fetch_denied(world.suite().cluster(), &service).await?;
    let allowed = attempt(world, &world.recall::<Meshed>()?.0, &method, &url, &ids).await?;
    let Other(probe, other_ids) = world.recall::<Other>()?;
    let denied = attempt(world, probe, &method, &url, other_ids).await?;
    world.remember(MeshedAttempt(allowed));
    world.remember(OtherAttempt(denied, refused_before));
    Ok(())
}

#[then("the first probe is answered by the service itself")]
fn answered_by_service(world: &mut World) -> Outcome {
    let answer = Answer::from(world.recall::<MeshedAttempt>()?.0.clone());
    expect(world, "the allowed probe", &answer, http::answered_by_the_service)
}

#[then("the other probe is refused by the mesh")]
fn refused_by_mesh(world: &mut World) -> Outcome {
    let answer = Answer::from(world.recall::<OtherAttempt>()?.0.clone());
    expect(world, "the denied probe", &answer, http::refused_by_the_mesh)
}

#[then(expr = "the proxy of {string} counted a refusal and logged it as its own")]
async fn refusal_is_the_proxys(world: &mut World, service: String) -> Outcome {
    let (before, ids) = (world.recall::<OtherAttempt>()?.1, world.recall::<Other>()?.1.clone());
    let after = pods::fetch_denied(world.suite().cluster(), &service).await?;
    said(
        world,
        "the proxy's count of refusals",
        judge(after > before, format!("more than {before}"), after),
    )?;
    let own = |entries: &Vec<AccessLogEntry>| {
        let refused = entries
            .iter()
            .any(|entry| entry.status == 403 && entry.details.starts_with("rbac_access_denied"));
        judge(
            refused,
            "403 with rbac_access_denied in the proxy's access log",
            format!("{entries:?}"),
        )
    };
    await_access_log(world, &service, &ids, own).await
}

async fn await_access_log(
    world: &World,
    service: &str,
    ids: &Ids,
    judged: impl Fn(&Vec<AccessLogEntry>) -> conformance::check::Checked,
) -> Outcome {
    let (loki, correlation) = (client::<Loki>(world).await?, ids.correlation_id());
    let entries = || async {
        let lines = loki.fetch_access_log(service, &correlation, ids.since()).await?;
        anyhow::Ok(lines.iter().filter_map(AccessLogEntry::read).collect())
    };
    let (what, within) =
        (format!("the access log of {service} for {correlation}"), world.suite().timeouts().log);
    await_answer(world, &what, within, entries, judged).await.map(drop)
}

async fn attempt(
    world: &World,
    probe: &ProbePod,
    method: &str,
    url: &str,
    ids: &Ids,
) -> Outcome<Attempt> {
    let mut headers: Vec<String> =
        ids.headers().iter().map(|(name, value)| format!("{name}: {value}")).collect();
    if let Ok(session) = world.recall::<Session>() {
        headers.push(format!("authorization: Bearer {}", session.token.expose_secret()));
    }
    let body = (method == "POST").then(|| "{}".to_owned());
    headers.extend(body.iter().map(|_| "content-type: application/json".to_owned()));
    let question = HttpQuestion { method: method.to_owned(), url: url.to_owned(), headers, body };
    let asked = world
        .journal()
        .asked(
            "probe",
            format!("{method} {url} from {}", probe.pod()),
            ask(probe, &question),
            |answer| format!("{answer:?}"),
        )
        .await?;
    Ok(asked.attempts.into_iter().next().context("the probe sent nothing")?)
}

fn address(service: &str, path: &str) -> String {
    format!("http://{service}.ecotrack.svc.cluster.local{path}")
}
