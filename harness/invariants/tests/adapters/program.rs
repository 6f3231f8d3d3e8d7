//! The program, from its arguments to its exit code.

use std::path::Path;
use std::process::{Command, Output};

use ecotrack_invariants::journal::{Action, Answer, Item, Recorder, Request};
use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, Connection as _, Executor as _, PgConnection};

use crate::broker::Broker;
use crate::ledger::provider;
use crate::server::database;
use crate::shop::{EVENT, ORDER, PRODUCT, USER, migrate, sell};

async fn run(arguments: Vec<String>) -> Output {
    let program =
        || Command::new(env!("CARGO_BIN_EXE_invariants")).args(arguments).output().unwrap();
    tokio::task::spawn_blocking(program).await.unwrap()
}

fn text(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

/// A customer who was told of the order.
async fn journal(path: &Path) {
    let recorder = Recorder::open(path).unwrap();
    let items = vec![Item { product_id: PRODUCT.parse().unwrap(), quantity: 2 }];
    let action = Action::PlaceOrder { idempotency_key: "key-1".to_owned(), items };
    let request = Request {
        session: "s".to_owned(),
        user_id: Some(USER.parse().unwrap()),
        trace_id: None,
        action,
    };
    let body = json!({
        "order_id": ORDER, "user_id": USER, "total_amount": "49.80", "currency": "EUR",
        "items": [{"product_id": PRODUCT, "quantity": 2, "unit_price": "24.90"}],
    });
    let pending = recorder.send(&request).await.unwrap();
    pending.answered(&Answer::of(201, Some(body.to_string()))).await.unwrap();
}

/// A shop at rest: one order, published, handled by everybody.
async fn at_rest(url: &str, broker: &Broker) {
    let mut connection = migrate(url).await;
    sell(&mut connection).await;
    let settle = format!(
        "delete from payment_service.payments; update order_service.outbox set sent_at = now();
         update order_service.idempotency_keys set body = null;
         insert into notification_service.inbox (consumer, event_id) values ('notification-service', '{EVENT}');"
    );
    connection.execute(sqlx::raw_sql(AssertSqlSafe(settle))).await.unwrap();
    let payload = format!("{{\"order_id\": \"{ORDER}\", \"user_id\": \"{USER}\"}}");
    let same = format!("update order_service.outbox set payload = convert_to('{payload}', 'UTF8')");
    connection.execute(sqlx::raw_sql(AssertSqlSafe(same))).await.unwrap();
    let headers = [("ce_id", EVENT), ("ce_type", "OrderCreatedEvent")];
    let (partition, offset) =
        broker.produce("order-events", ORDER, &headers, payload.as_bytes()).await;
    for group in ["product-service", "notification-service"] {
        broker.commit(group, "order-events", partition, offset + 1).await;
    }
}

struct Shop {
    dir: tempfile::TempDir,
    url: String,
    arguments: Vec<String>,
    _broker: Broker,
}

async fn shop() -> Shop {
    let (dir, broker, url) = (tempfile::tempdir().unwrap(), Broker::start(), database().await);
    at_rest(&url, &broker).await;
    journal(&dir.path().join("journal.jsonl")).await;
    let ledger = provider(Vec::new()).await;
    let path = |name: &str| dir.path().join(name).display().to_string();
    let arguments = [
        ("--journal", path("journal.jsonl")),
        ("--database-url", url.clone()),
        ("--kafka-brokers", broker.source.brokers.clone()),
        ("--ledger-url", ledger.to_string()),
        ("--standstill", "2s".to_owned()),
        ("--history", path("history.json")),
        ("--report", path("report.json")),
        ("--only", "I1,I2,I3,I4,I5,I6,I7,I8".to_owned()),
    ];
    let arguments = arguments.into_iter().flat_map(|(name, value)| [name.to_owned(), value]);
    let arguments = std::iter::once("check".to_owned()).chain(arguments).collect();
    Shop { dir, url, arguments, _broker: broker }
}

#[tokio::test]
async fn a_shop_that_kept_its_promises_is_held_and_its_history_is_judged_again_the_same() {
    let shop = shop().await;
    let output = run(shop.arguments.clone()).await;
    assert_eq!(output.status.code(), Some(0), "{}", text(&output));
    let report: Value =
        serde_json::from_slice(&std::fs::read(shop.dir.path().join("report.json")).unwrap())
            .unwrap();
    assert_eq!(
        (report["verdict"].as_str(), report["operations"]["place_order"]["ok"].as_u64()),
        (Some("held"), Some(1))
    );
    let history = shop.dir.path().join("history.json").display().to_string();
    let again =
        run(vec!["replay".to_owned(), history, "--only".to_owned(), "I1,I4".to_owned()]).await;
    assert_eq!(again.status.code(), Some(0), "{}", text(&again));
}

#[tokio::test]
async fn an_order_that_is_gone_is_exit_code_1_and_named() {
    let shop = shop().await;
    let mut lose = PgConnection::connect(&shop.url).await.unwrap();
    lose.execute("set session_replication_role = replica").await.unwrap();
    lose.execute("delete from order_service.orders").await.unwrap();
    let output = run(shop.arguments.clone()).await;
    assert_eq!(output.status.code(), Some(1));
    let text = text(&output);
    assert!(text.contains("I1   VIOLATED") && text.contains(ORDER), "{text}");
}

#[tokio::test]
async fn a_shop_that_does_not_come_to_rest_is_exit_code_1_with_what_is_left() {
    let shop = shop().await;
    let mut connection = PgConnection::connect(&shop.url).await.unwrap();
    connection.execute("update order_service.outbox set sent_at = null").await.unwrap();
    let output = run(shop.arguments.clone()).await;
    assert_eq!(output.status.code(), Some(1));
    let text = text(&output);
    assert!(
        text.contains("did not come to rest in 2 s: 1 events wait in order_service.outbox"),
        "{text}"
    );
}

#[tokio::test]
async fn invariants_without_a_case_are_exit_code_3() {
    let mut shop = shop().await;
    shop.arguments.truncate(shop.arguments.len() - 2);
    let output = run(shop.arguments.clone()).await;
    assert_eq!(output.status.code(), Some(3), "{}", text(&output));
    assert!(text(&output).contains("I10 not judged: nobody said where traces and logs are"));
}

#[tokio::test]
async fn a_wrong_command_line_is_exit_code_2_and_a_source_that_is_away_4() {
    for arguments in
        [vec!["check"], vec!["replay", "/no/such/file"], vec!["replay", "x", "--only", "I11"]]
    {
        let output = run(arguments.iter().map(|one| (*one).to_owned()).collect()).await;
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
    }
    let mut shop = shop().await;
    let ledger = shop.arguments.iter().position(|one| one == "--ledger-url").unwrap();
    shop.arguments[ledger + 1] = "http://127.0.0.1:1".to_owned();
    let output = run(shop.arguments.clone()).await;
    assert_eq!(output.status.code(), Some(4), "{}", text(&output));
}
