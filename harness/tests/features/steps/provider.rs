//! Providers: what they are made to do wrong, what they do of their own accord, and what becomes of their reports.

use conformance::check::metrics::Movement;
use conformance::check::{http, judge};
use conformance::component::loki::{LogLine, Loki};
use conformance::component::places::ECOTRACK;
use conformance::component::postgres::Postgres;
use conformance::component::prometheus::Prometheus;
use conformance::component::secrets::read_key;
use conformance::services::{
    Answer, ArmedFault, Money, Order, ProviderFault, Refund, Report, Sandbox,
};
use conformance::verdict::Outcome;
use cucumber::{given, then, when};

use super::asking::{await_answer, client, expect, ids, said, send};
use super::metric::fetch_fresh;
use super::payment::{charge_of, payment_of};
use crate::world::World;

/// Who receives the reports that are counted.
const RECEIVER: &str = "payment-service";

/// What a provider does wrong, and to what.
struct Wrong {
    provider: String,
    about: String,
}
/// A report that somebody might send, and what came of those that nobody may believe.
struct Forged {
    report: Report,
    answers: Vec<(&'static str, Answer)>,
}
/// Reports counted so far.
struct Counted {
    promql: String,
    before: f64,
}

#[given(expr = "{string} loses its answers about the order")]
async fn loses_answers(world: &mut World, provider: String) -> Outcome {
    let order = world.recall::<Order>()?.id.clone();
    let fault = ProviderFault::answer_lost(&order, world.suite().timeouts().provider_fault);
    arm(world, provider, order, fault).await
}

#[given(expr = "{string} sends every report about the charge five times")]
async fn repeats_reports(world: &mut World, provider: String) -> Outcome {
    let charge = charge_of(world)?;
    let fault = ProviderFault::reports_repeated(&charge, world.suite().timeouts().provider_fault);
    arm(world, provider, charge, fault).await
}

#[given(expr = "{string} keeps its reports about the charge back")]
async fn keeps_reports_back(world: &mut World, provider: String) -> Outcome {
    let charge = charge_of(world)?;
    let fault = ProviderFault::reports_kept_back(&charge, world.suite().timeouts().provider_fault);
    arm(world, provider, charge, fault).await
}

async fn arm(world: &mut World, provider: String, about: String, fault: ProviderFault) -> Outcome {
    let sandbox = client::<Sandbox>(world).await?;
    let question = format!("{provider} is made to do wrong to {about}");
    world.journal().asked("sandbox", question, sandbox.arm(&provider, &fault), told).await?;
    world.remember(Wrong { provider, about });
    Ok(())
}

fn told(fault: &ArmedFault) -> String {
    format!("{} until {}, met {} times", fault.mode, fault.expires_at, fault.hits)
}

#[when(expr = "{string} is itself again")]
#[then(expr = "{string} is itself again")]
async fn is_itself_again(world: &mut World, provider: String) -> Outcome {
    let (sandbox, about) =
        (client::<Sandbox>(world).await?, world.recall::<Wrong>()?.about.clone());
    let told = |fault: &Option<ArmedFault>| fault.as_ref().map_or_else(|| "none".to_owned(), told);
    let asked = sandbox.find_fault(&about);
    let met = world.journal().asked("sandbox", "the fault that was armed", asked, told).await?;
    let was_met = judge(
        met.as_ref().is_some_and(|fault| fault.hits > 0)
            && world.recall::<Wrong>()?.provider == provider,
        format!("a fault of {provider} that was met"),
        told(&met),
    );
    said(world, "the fault", was_met)?;
    sandbox.disarm(&provider, &about).await?;
    let left = sandbox.find_fault(&about).await?;
    said(world, "faults left", judge(left.is_none(), "none", told(&left))).map(drop)
}

#[when(expr = "{string} pays {word} of the charge back of its own accord")]
async fn pays_part_back(world: &mut World, provider: String, amount: String) -> Outcome {
    let currency = world.recall::<Order>()?.total.currency().to_owned();
    let part = Money::parse(&amount, &currency)?;
    pay_back(world, &provider, Some(&part)).await
}

#[when(expr = "{string} pays the charge back of its own accord")]
async fn pays_back(world: &mut World, provider: String) -> Outcome {
    pay_back(world, &provider, None).await
}

async fn pay_back(world: &mut World, provider: &str, part: Option<&Money>) -> Outcome {
    let (sandbox, charge) = (client::<Sandbox>(world).await?, charge_of(world)?);
    let asked = sandbox.refund(&charge, part);
    let question = format!("{provider} pays {charge} back");
    let told = |refund: &Refund| format!("{refund:?}");
    let refund = world.journal().asked("sandbox", question, asked, told).await?;
    let succeeded = judge(refund.status == "succeeded", "a refund that succeeded", told(&refund));
    said(world, "the provider's refund", succeeded).map(drop)
}

#[when("its report arrives forged, stale, with another's signature and with none")]
async fn arrives_forged(world: &mut World) -> Outcome {
    let total = world.recall::<Order>()?.total.clone();
    let report = Report::refunded(&payment_of(world)?, &charge_of(world)?, &total);
    let secret = webhook_secret(world).await?;
    let mut answers = Vec::new();
    for (what, call) in report.forgeries(&secret)? {
        answers.push((what, send(world, &call).await?));
    }
    world.remember(Forged { report, answers });
    Ok(())
}

#[then(expr = "each of them is refused with status {int}")]
fn are_refused(world: &mut World, status: u16) -> Outcome {
    let forged = &world.recall::<Forged>()?.answers;
    forged.iter().try_for_each(|(what, answer)| expect(world, what, answer, http::problem(status)))
}

#[when("the same report arrives as the provider signs it")]
async fn arrives_signed(world: &mut World) -> Outcome {
    let secret = webhook_secret(world).await?;
    let call = world.recall::<Forged>()?.report.signed(&secret)?;
    let answer = send(world, &call).await?;
    expect(world, "the signed report", &answer, http::status(200))
}

async fn webhook_secret(world: &World) -> Outcome<secrecy::SecretString> {
    let name = format!("{RECEIVER}-secrets");
    Ok(read_key(world.suite(), ECOTRACK, &name, "stripe-webhook-secret").await?)
}

#[given(expr = "the number of reports of {string} that were {word}")]
async fn reports_before(world: &mut World, provider: String, result: String) -> Outcome {
    let labels = format!(r#"application="{RECEIVER}",provider="{provider}",result="{result}""#);
    let promql = format!("webhook_events_total{{{labels}}}");
    let before = fetch_fresh(world, RECEIVER, &promql).await?;
    world.remember(Counted { promql, before });
    Ok(())
}

#[then(expr = "there are at least {int} more of these reports")]
async fn more_reports(world: &mut World, by: u32) -> Outcome {
    let (prometheus, counted) = (client::<Prometheus>(world).await?, world.recall::<Counted>()?);
    let enough = |after: &f64| {
        let movement = Movement { before: counted.before, after: *after };
        let seen = format!("{} (from {} to {after})", movement.increase(), counted.before);
        judge(movement.increase() >= f64::from(by), format!("an increase of at least {by}"), seen)
    };
    let within = world.suite().timeouts().metric;
    await_answer(world, &counted.promql, within, || prometheus.fetch_sum(&counted.promql), enough)
        .await
        .map(drop)
}

#[then("PostgreSQL knows of no answer of the provider about the payment")]
async fn no_answer_is_known(world: &mut World) -> Outcome {
    let (postgres, payment) = (client::<Postgres>(world).await?, payment_of(world)?);
    let asked = postgres.fetch_charge_outcomes(&payment);
    let question = format!("what came of asking for payment {payment}");
    let told = |outcomes: &Vec<String>| format!("{outcomes:?}");
    let outcomes = world.journal().asked("postgres", question, asked, told).await?;
    let unknown = !outcomes.is_empty() && outcomes.iter().all(|outcome| outcome == "unknown");
    said(world, "the provider's answers", judge(unknown, "unknown ones alone", told(&outcomes)))
        .map(drop)
}

#[then("Loki finds the line that settles the payment under the scenario's correlation id")]
async fn settling_line(world: &mut World) -> Outcome {
    let (loki, payment, ids) = (client::<Loki>(world).await?, payment_of(world)?, ids(world));
    let (correlation, within) = (ids.correlation_id(), world.suite().timeouts().log);
    let settling = |lines: &Vec<LogLine>| {
        let found = lines.iter().find(|line| settles(line, &payment));
        let seen = found.map_or(format!("{} other lines", lines.len()), |line| line.line.clone());
        judge(found.is_some(), format!("a line that {payment} is processed"), seen)
    };
    let asked = || loki.fetch_by_correlation(&correlation, ids.since());
    await_answer(world, &format!("lines of {correlation}"), within, asked, settling).await.map(drop)
}

fn settles(line: &LogLine, payment: &str) -> bool {
    line.json().is_ok_and(|line| {
        let fields = &line["fields"];
        line["message"] == "payment settled"
            && fields["payment_id"] == payment
            && fields["status"] == "processed"
    })
}
