//! The mesh from inside: who may speak, who is refused, and by whom.

use std::sync::Arc;

use anyhow::Context;
use conformance::check::probe::cut_off;
use conformance::check::{each, http, judge};
use conformance::cluster::probe_pod::ProbePod;
use conformance::component::istio::AccessLogEntry;
use conformance::component::loki::Loki;
use conformance::component::pods;
use conformance::component::probes::{Attempt, HttpQuestion, Probes, ask};
use conformance::services::{Answer, Ids, Session};
use conformance::verdict::Outcome;
use cucumber::gherkin::Step;
use cucumber::{given, then, when};
use secrecy::ExposeSecret;
use uuid::Uuid;

use super::asking::{await_answer, client, expect, ids, said};
use super::table;
use crate::world::World;

/// The probe that is not part of the mesh.
pub(crate) struct Plain(pub(crate) Arc<ProbePod>);
/// The probe of the mesh.
struct Meshed(Arc<ProbePod>);
/// The second probe of the mesh, and the ids its request carries.
struct Other(Arc<ProbePod>, Ids);

/// What the plain probe met, pod by pod.
struct PlainAttempts(Vec<Attempt>);
/// What the probe of the mesh met at one service, and what it had to meet.
struct MeshedTwin {
    service: String,
    status: u16,
    attempt: Attempt,
}
/// The same for every service.
struct MeshedTwins(Vec<MeshedTwin>);
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

/// The plain probe asks every pod of a service, past the Service that would lead it through a proxy; the meshed one asks the service.
#[when("both probes ask each of these services")]
async fn both_ask_each(world: &mut World, step: &Step) -> Outcome {
    let (ids, mut plain, mut meshed) = (ids(world), Vec::new(), Vec::new());
    for [service, path, status] in table::rows(step)? {
        for pod in pods::list_ready(world.suite().cluster(), &service).await? {
            let (probe, url) =
                (&world.recall::<Plain>()?.0, format!("http://{}:8080{path}", pod.ip));
            plain.push(attempt(world, probe, "GET", &url, &Ids::unrelated()).await?);
        }
        let (probe, url) = (&world.recall::<Meshed>()?.0, address(&service, &path));
        let attempt = attempt(world, probe, "GET", &url, &ids).await?;
        meshed.push(MeshedTwin { service, status: status.parse()?, attempt });
    }
    world.remember(PlainAttempts(plain));
    world.remember(MeshedTwins(meshed));
    Ok(())
}

#[then("the plain probe's connection is cut off")]
fn plain_is_cut_off(world: &mut World) -> Outcome {
    let attempts = world.recall::<PlainAttempts>()?.0.as_slice();
    expect(world, "every attempt of the plain probe", attempts, each(cut_off))
}

#[then("the probe of the mesh is answered as listed, a 403 being the mesh's own")]
fn meshed_is_answered(world: &mut World) -> Outcome {
    for MeshedTwin { service, status, attempt } in &world.recall::<MeshedTwins>()?.0 {
        let (what, answer) =
            (format!("the meshed twin at {service}"), Answer::from(attempt.clone()));
        match status {
            403 => expect(world, &what, &answer, http::refused_by_the_mesh)?,
            _ => expect(world, &what, &answer, http::status(*status))?,
        }
    }
    Ok(())
}

#[then(expr = "the proxy of each service saw the identity {string}")]
async fn proxies_saw(world: &mut World, identity: String) -> Outcome {
    let ids = ids(world);
    for MeshedTwin { service, status, .. } in &world.recall::<MeshedTwins>()?.0 {
        let of_caller = |entries: &Vec<AccessLogEntry>| {
            let as_answered = |entry: &AccessLogEntry| {
                entry.peer == identity && entry.status == u64::from(*status)
            };
            let expected = format!("a request of {identity} answered with {status}");
            judge(entries.iter().any(as_answered), expected, format!("{entries:?}"))
        };
        await_access_log(world, service, &ids, of_caller).await?;
    }
    Ok(())
}

#[when(regex = r#"^both probes send (GET|POST|DELETE) (\S+) to "([^"]+)" for the customer$"#)]
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
