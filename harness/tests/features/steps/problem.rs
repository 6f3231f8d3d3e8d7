//! Requests that are wrong, and the problem documents that answer them.

use conformance::check::http;
use conformance::services::{Answer, Call, Customer, Session};
use conformance::verdict::Outcome;
use cucumber::{then, when};
use reqwest::Method;
use secrecy::ExposeSecret;
use serde_json::json;
use uuid::Uuid;

use super::asking::{expect, send};
use crate::world::World;

#[when(regex = r"^the customer sends (GET|POST) (\S+) with the body (.+)$")]
async fn sends(world: &mut World, method: String, path: String, body: String) -> Outcome {
    let method = Method::from_bytes(method.as_bytes())?;
    let call = Call::send(method, path)
        .as_user(world.recall::<Session>()?)
        .header("idempotency-key", Uuid::new_v4().to_string());
    let call = if body == "none" { call } else { call.body(body) };
    let answer = send(world, &call).await?;
    world.remember(answer);
    Ok(())
}

#[when(expr = "somebody registers with the role {string} in the request")]
async fn registers_with_role(world: &mut World, role: String) -> Outcome {
    let customer = Customer::named(world.identity().name());
    let mut request = Call::registration(&customer);
    request["role"] = json!(role);
    world.journal().redactor().forget(customer.password.expose_secret());
    let answer = send(world, &Call::post("/api/users/register", &request)).await?;
    world.remember(answer);
    Ok(())
}

#[then(expr = "the answer is a problem with status {int}")]
fn is_problem(world: &mut World, status: u16) -> Outcome {
    expect(world, "the answer", world.recall::<Answer>()?, http::problem(status))
}
