//! A small world that keeps its promises: each verb does what services and clients do together and leaves the traces of it in a
//! history. A test then breaks one thing.

mod age;
mod events;
mod payments;
mod stock;

use chrono::{DateTime, TimeDelta, Utc};
use ecotrack_invariants::drain::Rest;
use ecotrack_invariants::history::History;
use ecotrack_invariants::journal::{Action, Answer, Item, Journal, Operation, Request};
use ecotrack_invariants::observed::{
    HistoryEntry, KeptAnswer, Observed, Order, OrderItem, Product, ReplicaLag, Reservation, Span,
    Telemetry, Trace,
};
use serde_json::json;
use uuid::Uuid;

/// Price of every product, in minor units.
pub(crate) const PRICE: i64 = 1999;
/// Pieces of every product.
pub(crate) const SUPPLIED: i64 = 100;

/// A world and its history so far.
pub(crate) struct World {
    pub(crate) history: History,
    pub(crate) products: Vec<Uuid>,
    clock: DateTime<Utc>,
    ids: u128,
}

impl World {
    /// A shop with two products that nobody has bought from.
    pub(crate) fn new() -> Self {
        let observed = Observed {
            telemetry: Some(Telemetry::default()),
            replica: Some(ReplicaLag { worst_ms: 20, samples: 5 }),
            ..Observed::default()
        };
        let history = History::new(Journal::default(), observed, Rest::at_once());
        let clock = DateTime::from_timestamp(1_790_000_000, 0).unwrap();
        let mut world = Self { history, products: Vec::new(), clock, ids: 0 };
        for _ in 0..2 {
            let id = world.id();
            world.products.push(id);
            world.history.observed.database.products.push(Product {
                id,
                available: SUPPLIED,
                supplied: SUPPLIED,
            });
        }
        world.open_topics();
        world
    }

    /// The next id; later ones sort after earlier ones.
    pub(crate) fn id(&mut self) -> Uuid {
        self.ids += 1;
        Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_0000 + self.ids)
    }

    /// The next moment.
    pub(crate) fn now(&mut self) -> DateTime<Utc> {
        self.clock += TimeDelta::milliseconds(10);
        self.clock
    }

    /// The history, looked at a moment later.
    pub(crate) fn end(mut self) -> History {
        self.history.observed.at = self.now();
        self.history
    }

    /// A customer registers and logs in.
    pub(crate) fn customer(&mut self) -> Uuid {
        let user = self.id();
        self.ask(None, Action::Register, Answer::of(202, None));
        self.history.observed.database.users.push(user);
        self.event(
            "user_service",
            "user-events",
            user,
            "UserRegisteredEvent",
            &json!({"user_id": user}),
        );
        self.ask(None, Action::Login, Answer::of(200, Some(json!({"user_id": user}).to_string())));
        self.event(
            "user_service",
            "user-events",
            user,
            "UserLoginEvent",
            &json!({"user_id": user}),
        );
        user
    }

    /// A customer orders some pieces of the first product and is told so.
    pub(crate) fn order(&mut self, user: Uuid, quantity: u32) -> Uuid {
        let key = format!("key-{}", self.ids);
        let (order, answer) = self.place(user, &key, quantity);
        self.ask_to_place(user, &key, quantity, Answer::of(201, Some(answer)));
        order
    }

    /// A customer orders, and the answer is lost on the way.
    pub(crate) fn order_unheard(&mut self, user: Uuid, quantity: u32) -> (String, Uuid) {
        let key = format!("key-{}", self.ids);
        let (order, _) = self.place(user, &key, quantity);
        self.ask_to_place(user, &key, quantity, Answer::lost(true, "timed out".to_owned()));
        (key, order)
    }

    /// A customer asks again under a key and gets the first answer.
    pub(crate) fn order_again(&mut self, user: Uuid, key: &str, quantity: u32) {
        let kept = self.history.observed.database.kept_answers.iter().find(|kept| kept.key == key);
        let body = kept.and_then(|kept| kept.body.clone());
        self.ask_to_place(user, key, quantity, Answer::of(201, body));
    }

    /// A customer orders and is refused.
    pub(crate) fn order_refused(&mut self, user: Uuid, status: u16) -> String {
        let key = format!("key-{}", self.ids);
        self.ask_to_place(user, &key, 1, Answer::of(status, None));
        key
    }

    /// An attempt to place an order, as the journal tells it.
    pub(crate) fn ask_to_place(&mut self, user: Uuid, key: &str, quantity: u32, answer: Answer) {
        let items = vec![Item { product_id: self.products[0], quantity }];
        self.ask(Some(user), Action::PlaceOrder { idempotency_key: key.to_owned(), items }, answer);
    }

    /// The services place an order; nobody was told yet.
    pub(crate) fn place(&mut self, user: Uuid, key: &str, quantity: u32) -> (Uuid, String) {
        let (id, product, at) = (self.id(), self.products[0], self.now());
        let quantity = i64::from(quantity);
        let total = PRICE * quantity;
        let answer = json!({
            "order_id": id, "user_id": user, "status": "created", "total_amount": decimal(total), "currency": "EUR",
            "items": [{"product_id": product, "quantity": quantity, "unit_price": decimal(PRICE)}],
            "created_at": at, "updated_at": at,
        })
        .to_string();
        let database = &mut self.history.observed.database;
        database.products[0].available -= quantity;
        let expires_at = Some(at + TimeDelta::minutes(15));
        database.reservations.push(Reservation {
            order_id: id,
            product_id: product,
            quantity,
            status: "held".to_owned(),
            expires_at,
        });
        let items = vec![OrderItem { product_id: product, quantity, unit_price_minor: PRICE }];
        let (status, currency) = ("created".to_owned(), "EUR".to_owned());
        database.orders.push(Order {
            id,
            user_id: user,
            status,
            total_minor: total,
            currency,
            created_at: at,
            payment_id: None,
            items,
        });
        database.order_history.push(HistoryEntry {
            order_id: id,
            status: "created".to_owned(),
            notes: None,
        });
        self.keep("order_service", "place-order", user, key, id, &answer);
        self.event(
            "order_service",
            "order-events",
            id,
            "OrderCreatedEvent",
            &json!({"order_id": id, "user_id": user}),
        );
        (id, answer)
    }

    /// A customer cancels.
    pub(crate) fn cancel(&mut self, order: Uuid) {
        self.step(order, "cancelled", Some("customer"), "OrderCancelledEvent");
        self.give_back(order);
        let (user, at) = (self.owner(order), self.now());
        let body = json!({"order_id": order, "status": "cancelled", "updated_at": at}).to_string();
        self.ask(Some(user), Action::Cancel { order_id: order }, Answer::of(200, Some(body)));
    }

    /// A customer looks at an order, as of some moment.
    pub(crate) fn look(&mut self, order: Uuid, status: &str, as_of: DateTime<Utc>) {
        let body = json!({"order_id": order, "status": status, "updated_at": as_of}).to_string();
        let user = self.owner(order);
        self.ask(Some(user), Action::ReadOrder { order_id: order }, Answer::of(200, Some(body)));
    }

    /// An operation with its trace and its log line.
    pub(crate) fn ask(&mut self, user: Option<Uuid>, action: Action, answer: Answer) {
        let (id, sent_at, answered_at) = (self.id(), self.now(), self.now());
        let trace = id.simple().to_string();
        let spans: &[(&str, &str)] = match action {
            Action::PlaceOrder { .. } => {
                &[("order-service", "order-processing"), ("product-service", "POST")]
            }
            Action::Pay { .. } => {
                &[("payment-service", "payment-processing"), ("order-service", "POST")]
            }
            Action::Refund { .. } => &[("payment-service", "POST")],
            Action::Cancel { .. } => &[("order-service", "POST")],
            Action::Register
            | Action::Login
            | Action::Logout
            | Action::Browse
            | Action::ReadOrder { .. } => &[("user-service", "POST")],
        };
        let spans = spans.iter().map(|(service, name)| Span {
            service: (*service).to_owned(),
            name: (*name).to_owned(),
        });
        let telemetry = self.history.observed.telemetry.as_mut().unwrap();
        telemetry.traces.insert(trace.clone(), Trace { spans: spans.collect() });
        telemetry.log_lines.insert(trace.clone(), 1);
        let session = user.map_or_else(|| "nobody".to_owned(), |user| user.to_string());
        let request = Request { session, user_id: user, trace_id: Some(trace), action };
        let answered_at = answer.status.is_some().then_some(answered_at);
        self.history.journal.operations.push(Operation {
            id,
            request,
            sent_at,
            answered_at,
            answer: Some(answer),
        });
    }

    /// The last operation.
    pub(crate) fn last(&mut self) -> &mut Operation {
        self.history.journal.operations.last_mut().unwrap()
    }

    /// A step in an order's life: row, history and event.
    pub(crate) fn step(
        &mut self,
        order: Uuid,
        status: &str,
        notes: Option<&str>,
        event_type: &str,
    ) {
        let user_id = self.owner(order);
        let database = &mut self.history.observed.database;
        let row = database.orders.iter_mut().find(|row| row.id == order).unwrap();
        status.clone_into(&mut row.status);
        let notes = notes.map(str::to_owned);
        database.order_history.push(HistoryEntry {
            order_id: order,
            status: status.to_owned(),
            notes,
        });
        let payload = json!({"order_id": order, "user_id": user_id, "status": status});
        self.event("order_service", "order-events", order, event_type, &payload);
    }

    /// The order of a history, to be changed.
    pub(crate) fn order_row(&mut self, order: Uuid) -> &mut Order {
        self.history.observed.database.orders.iter_mut().find(|row| row.id == order).unwrap()
    }

    fn owner(&mut self, order: Uuid) -> Uuid {
        self.order_row(order).user_id
    }

    fn keep(
        &mut self,
        service: &str,
        operation: &str,
        user: Uuid,
        key: &str,
        subject: Uuid,
        body: &str,
    ) {
        self.history.observed.database.kept_answers.push(KeptAnswer {
            service: service.to_owned(),
            user_id: user,
            operation: operation.to_owned(),
            key: key.to_owned(),
            subject_id: subject,
            status: Some(201),
            body: Some(body.to_owned()),
        });
    }
}

fn decimal(minor: i64) -> String {
    format!("{}.{:02}", minor / 100, minor % 100)
}
