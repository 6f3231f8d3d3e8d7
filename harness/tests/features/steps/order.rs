//! Orders: placed, sent again, read, and kept from others.

use conformance::check::{both, http, judge};
use conformance::component::postgres::Postgres;
use conformance::services::{Answer, Call, Order, Product, Session};
use conformance::verdict::Outcome;
use cucumber::{given, then, when};
use uuid::Uuid;

use super::asking::{await_answer, client, expect, said, send};
use super::{customer, product};
use crate::world::World;

/// The request that placed the order, to be sent again.
struct Placing {
    call: Call,
    answer: Answer,
}
/// The answer to the order sent again.
struct Second(Answer);

#[when(expr = "the customer orders {int} of the product")]
pub(crate) async fn orders(world: &mut World, quantity: u32) -> Outcome {
    let product = world.recall::<Product>()?.id.clone();
    let call = Call::place_order(&product, quantity, &Uuid::new_v4().to_string())
        .as_user(world.recall::<Session>()?);
    let answer = send(world, &call).await?;
    expect(world, "the order", &answer, http::status(201))?;
    world.remember(Order::read(&answer)?);
    world.remember(answer.clone());
    world.remember(Placing { call, answer });
    Ok(())
}

#[given("a logged-in customer with a placed order")]
pub(crate) async fn placed(world: &mut World) -> Outcome {
    customer::logged_in(world).await?;
    product::in_stock(world).await?;
    orders(world, 1).await
}

#[then(expr = "the order is placed for {int} times the stored price")]
async fn priced_by_the_shop(world: &mut World, quantity: u32) -> Outcome {
    let (order, product) = (world.recall::<Order>()?.clone(), world.recall::<Product>()?.clone());
    let call = Call::get(format!("/api/products/{}", product.id));
    let stored = Product::read(&send(world, &call).await?.json())?;
    let (expected, seen) = (stored.price.times(quantity), &order.total);
    said(
        world,
        "the order's total",
        judge(expected == *seen, format!("{quantity} times {}", stored.price), seen),
    )
    .map(drop)
}

#[then(expr = "PostgreSQL holds a reservation of {int} of the product for the order")]
async fn reserved(world: &mut World, quantity: u32) -> Outcome {
    let (order, product) =
        (world.recall::<Order>()?.id.clone(), world.recall::<Product>()?.id.clone());
    let rows = client::<Postgres>(world).await?.fetch_reservations(&order, &product).await?;
    said(
        world,
        "the reservation",
        judge(
            rows == [quantity.to_string()],
            format!("one reservation of {quantity}"),
            format!("{rows:?}"),
        ),
    )
    .map(drop)
}

#[when("the customer sends the same order again")]
async fn sends_again(world: &mut World) -> Outcome {
    let call = world.recall::<Placing>()?.call.clone();
    let answer = send(world, &call).await?;
    world.remember(Second(answer));
    Ok(())
}

#[then("the second answer repeats the first")]
fn repeats(world: &mut World) -> Outcome {
    let (first, second) = (&world.recall::<Placing>()?.answer, &world.recall::<Second>()?.0);
    expect(world, "the replay", second, http::header("idempotency-replayed", "true"))?;
    said(world, "both answers", http::alike(first, second)).map(drop)
}

#[when("the customer sends another order with the same key")]
async fn sends_another(world: &mut World) -> Outcome {
    let (product, session) =
        (world.recall::<Product>()?.id.clone(), world.recall::<Session>()?.clone());
    let key = world.recall::<Placing>()?.call.idempotency_key().unwrap_or_default().to_owned();
    let answer = send(world, &Call::place_order(&product, 3, &key).as_user(&session)).await?;
    world.remember(answer);
    Ok(())
}

#[then(expr = "PostgreSQL holds {int} order(s) of the customer")]
async fn stored(world: &mut World, count: u64) -> Outcome {
    let user = world.recall::<Session>()?.user_id.clone();
    let stored = client::<Postgres>(world).await?.count_orders(&user).await?;
    said(
        world,
        "orders in PostgreSQL",
        judge(stored == count, format!("{count} orders of {user}"), stored),
    )
    .map(drop)
}

#[when(expr = "the order becomes {string}")]
#[then(expr = "the order becomes {string}")]
pub(crate) async fn becomes(world: &mut World, status: String) -> Outcome {
    let call = Call::get(format!("/api/orders/{}", world.recall::<Order>()?.id))
        .as_user(world.recall::<Session>()?);
    let (ecotrack, ids) =
        (client::<conformance::services::EcoTrack>(world).await?, super::asking::ids(world));
    let is_status = |answer: &Answer| {
        judge(answer.json()["status"] == status.as_str(), format!("the order {status}"), answer)
    };
    let within = world.suite().timeouts().journey;
    await_answer(
        world,
        &format!("the order to become {status}"),
        within,
        || ecotrack.send(&call, &ids),
        is_status,
    )
    .await
    .map(drop)
}

#[then("the customer can read the order")]
async fn can_read(world: &mut World) -> Outcome {
    let id = world.recall::<Order>()?.id.clone();
    let call = Call::get(format!("/api/orders/{id}")).as_user(world.recall::<Session>()?);
    let answer = send(world, &call).await?;
    let own = |answer: &Answer| {
        judge(answer.json()["order_id"] == id.as_str(), format!("order {id}"), answer)
    };
    expect(world, "the owner's look", &answer, both(http::status(200), own))
}

#[then("another customer gets the same 404 for it as for an order that nobody placed")]
async fn foreign_looks_absent(world: &mut World) -> Outcome {
    let id = world.recall::<Order>()?.id.clone();
    let other = customer::somebody_else(world).await?;
    let foreign = send(world, &Call::get(format!("/api/orders/{id}")).as_user(&other)).await?;
    let absent =
        send(world, &Call::get(format!("/api/orders/{}", Uuid::now_v7())).as_user(&other)).await?;
    expect(world, "another customer's look", &foreign, http::problem(404))?;
    said(world, "both answers", http::alike(&foreign, &absent)).map(drop)
}
