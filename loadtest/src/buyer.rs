//! A buyer: registers and logs in once, then orders, pays and reads what the shop wrote.

use goose::prelude::*;
use reqwest::RequestBuilder;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::common::{Ask, fetch};
use crate::shopper;

/// A card that the provider accepts.
const CARD: &str = "tok_visa";

/// Who the buyer is and what is not yet paid.
#[derive(Clone)]
struct Session {
    token: String,
    unpaid: Option<Owed>,
}

/// An order and what it costs.
#[derive(Clone)]
struct Owed {
    order_id: String,
    amount: String,
    currency: String,
}

impl Owed {
    fn read(order: &Value) -> Option<Self> {
        let text = |field: &str| order[field].as_str().map(str::to_owned);
        Some(Self {
            order_id: text("order_id")?,
            amount: text("total_amount")?,
            currency: text("currency")?,
        })
    }
}

/// A new customer each time: personas share nothing.
pub(crate) async fn sign_in(user: &mut GooseUser) -> TransactionResult {
    let email = format!("load-{}@example.com", Uuid::new_v4());
    let password = Uuid::new_v4().to_string();
    let register =
        json!({"email": email, "password": password, "first_name": "Load", "last_name": "Test"});
    let ask = Ask {
        method: GooseMethod::Post,
        path: "/api/users/register",
        name: "/api/users/register",
        status: 202,
    };
    fetch(user, ask, |request| request.json(&register), |_| Some(())).await?;
    let login = json!({"email": email, "password": password});
    let ask = Ask {
        method: GooseMethod::Post,
        path: "/api/users/login",
        name: "/api/users/login",
        status: 200,
    };
    let token = fetch(
        user,
        ask,
        |request| request.json(&login),
        |body| Some(body["access_token"].as_str()?.to_owned()),
    )
    .await?;
    user.set_session_data(Session { token, unpaid: None });
    Ok(())
}

/// One piece of any product, at the price the catalogue shows.
pub(crate) async fn order(user: &mut GooseUser) -> TransactionResult {
    let product = shopper::any_product(user).await?;
    let body = json!({"items": [{"product_id": product["product_id"], "quantity": 1}], "payment_method": "credit_card"});
    let ask =
        Ask { method: GooseMethod::Post, path: "/api/orders", name: "/api/orders", status: 201 };
    let authorized = authorized(user)?;
    let priced =
        |order: &Value| Owed::read(order).filter(|_| order["total_amount"] == product["price"]);
    let owed = fetch(user, ask, |request| once(authorized(request)).json(&body), priced).await?;
    remember(user, Some(owed))
}

/// Pays the order; without one, as when ordering failed, there is nothing to do.
pub(crate) async fn pay(user: &mut GooseUser) -> TransactionResult {
    let Some(owed) = session(user)?.unpaid.clone() else { return Ok(()) };
    remember(user, None)?;
    let body = json!({
        "order_id": owed.order_id, "amount": owed.amount, "currency": owed.currency,
        "method": "credit_card", "payment_token": CARD,
    });
    let ask = Ask {
        method: GooseMethod::Post,
        path: "/api/payments",
        name: "/api/payments",
        status: 201,
    };
    let authorized = authorized(user)?;
    let paid = |payment: &Value| {
        (payment["order_id"] == owed.order_id.as_str() && payment["status"] == "processed")
            .then_some(())
    };
    fetch(user, ask, |request| once(authorized(request)).json(&body), paid).await
}

/// What the shop wrote so far.
pub(crate) async fn read_notifications(user: &mut GooseUser) -> TransactionResult {
    let ask = Ask {
        method: GooseMethod::Get,
        path: "/api/notifications",
        name: "/api/notifications",
        status: 200,
    };
    let authorized = authorized(user)?;
    fetch(user, ask, authorized, |page| page["items"].as_array().map(drop)).await
}

/// Marks a write so that a repeated one has no second effect.
fn once(request: RequestBuilder) -> RequestBuilder {
    request.header("Idempotency-Key", Uuid::new_v4().to_string())
}

fn authorized(
    user: &GooseUser,
) -> Result<impl FnOnce(RequestBuilder) -> RequestBuilder + use<>, Box<TransactionError>> {
    let token = session(user)?.token.clone();
    Ok(move |request: RequestBuilder| request.bearer_auth(token))
}

fn session(user: &GooseUser) -> Result<&Session, Box<TransactionError>> {
    user.get_session_data::<Session>()
        .ok_or_else(|| Box::new(TransactionError::Custom("the buyer is not logged in".to_owned())))
}

fn remember(user: &mut GooseUser, unpaid: Option<Owed>) -> TransactionResult {
    let session = user.get_session_data_mut::<Session>();
    session
        .ok_or_else(|| Box::new(TransactionError::Custom("the buyer is not logged in".to_owned())))?
        .unpaid = unpaid;
    Ok(())
}
