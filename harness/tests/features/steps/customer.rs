//! Customers: they register, log in and out, read their profile, and are told apart from those who are not customers.

use conformance::check::{http, judge};
use conformance::services::{Answer, Call, Customer, Session, token};
use conformance::verdict::Outcome;
use cucumber::{given, then, when};
use reqwest::Method;
use secrecy::{ExposeSecret, SecretString};

use super::asking::{expect, said, send};
use crate::world::World;

/// What a registration answered.
struct Registration(Answer);
/// What the last login answered.
struct Login(Answer);
/// What a login without an account answered.
struct StrangersLogin(Answer);

#[when("a new customer registers")]
pub(crate) async fn registers(world: &mut World) -> Outcome {
    let customer = Customer::named(world.identity().name());
    world.journal().redactor().forget(customer.password.expose_secret());
    let answer = send(world, &Call::register(&customer)).await?;
    world.remember(customer);
    world.remember(Registration(answer));
    Ok(())
}

#[then("the registration is accepted")]
fn registration_is_accepted(world: &mut World) -> Outcome {
    expect(world, "the registration", &world.recall::<Registration>()?.0, http::status(202))
}

#[given("a registered customer")]
pub(crate) async fn registered(world: &mut World) -> Outcome {
    registers(world).await?;
    registration_is_accepted(world)
}

#[when("the customer logs in")]
#[then("the customer can log in")]
pub(crate) async fn logs_in(world: &mut World) -> Outcome {
    let customer = world.recall::<Customer>()?.clone();
    let answer = send(world, &Call::login(&customer.email, &customer.password)).await?;
    expect(world, "the login", &answer, http::status(200))?;
    let token = SecretString::from(answer.field("access_token")?);
    let session = Session {
        token,
        user_id: answer.field("user_id")?,
        session_id: answer.field("session_id")?,
    };
    world.remember(session);
    world.remember(Login(answer));
    Ok(())
}

#[given("a logged-in customer")]
pub(crate) async fn logged_in(world: &mut World) -> Outcome {
    registered(world).await?;
    logs_in(world).await
}

#[then(expr = "the token is signed with ES256 by a published key for audience {string}")]
async fn token_is_genuine(world: &mut World, audience: String) -> Outcome {
    let keys = send(world, &Call::get("/.well-known/jwks.json")).await?;
    let session = world.recall::<Session>()?;
    let claims = token::verify(&session.token, &keys.json(), &audience)?;
    let ours = claims.sub == session.user_id;
    said(world, "the token's subject", judge(ours, &session.user_id, &claims.sub)).map(drop)
}

#[then("the customer can read their own profile")]
async fn reads_profile(world: &mut World) -> Outcome {
    let call = Call::get("/api/users/me").as_user(world.recall::<Session>()?);
    let answer = send(world, &call).await?;
    expect(world, "the profile", &answer, http::status(200))?;
    let email = &world.recall::<Customer>()?.email;
    let own = |answer: &Answer| {
        judge(answer.json()["email"] == email.as_str(), format!("the profile of {email}"), answer)
    };
    expect(world, "whose profile it is", &answer, own)
}

#[when("the customer logs out")]
pub(crate) async fn logs_out(world: &mut World) -> Outcome {
    let call = Call::send(Method::POST, "/api/users/logout").as_user(world.recall::<Session>()?);
    let answer = send(world, &call).await?;
    expect(world, "the logout", &answer, http::status(204))
}

#[when("the customer logs in with a wrong password")]
async fn wrong_password(world: &mut World) -> Outcome {
    let email = world.recall::<Customer>()?.email.clone();
    let wrong = Customer::named("wrong").password;
    let answer = send(world, &Call::login(&email, &wrong)).await?;
    world.remember(Login(answer));
    Ok(())
}

#[when("somebody without an account logs in")]
async fn stranger_logs_in(world: &mut World) -> Outcome {
    let stranger = Customer::named("stranger");
    let answer = send(world, &Call::login(&stranger.email, &stranger.password)).await?;
    world.remember(StrangersLogin(answer));
    Ok(())
}

#[then("both logins are refused with 401 and look alike")]
fn logins_look_alike(world: &mut World) -> Outcome {
    let (wrong, stranger) = (&world.recall::<Login>()?.0, &world.recall::<StrangersLogin>()?.0);
    expect(world, "the wrong password", wrong, http::problem(401))?;
    said(world, "both refusals", http::alike(wrong, stranger)).map(drop)
}

/// A second customer, logged in; the first stays the scenario's own.
pub(crate) async fn somebody_else(world: &mut World) -> Outcome<Session> {
    let mine = (world.recall::<Customer>()?.clone(), world.recall::<Session>()?.clone());
    logged_in(world).await?;
    let other = world.recall::<Session>()?.clone();
    world.remember(mine.0);
    world.remember(mine.1);
    Ok(other)
}
