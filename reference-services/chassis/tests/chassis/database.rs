//! Credentials that change, and a schema that is somebody else's.

use std::{
    pin::pin,
    sync::atomic::{AtomicBool, AtomicUsize, Ordering},
    time::Duration,
};

use anyhow::{Context as _, Result, ensure};
use axum::{Router, routing::post};
use ecotrack_chassis::{
    ApiError, Chassis,
    postgres::Database,
    test_support::{Fixture, TestDatabase, eventually},
};
use futures::future::try_join_all;
use sqlx::AssertSqlSafe;
use utoipa::OpenApi as _;
use uuid::Uuid;

use crate::helpers::{Bench, MIGRATIONS};

#[derive(utoipa::OpenApi)]
struct Document;

/// Longer than a connection counts as just used: what was just used may be taken although its server ended it.
const AGE: Duration = Duration::from_millis(200);

/// A login as the platform makes them: a member of the role that owns the tables, and acting as that role.
pub(crate) async fn make_login(database: &TestDatabase, owner: &str) -> Result<String> {
    let login = format!("l{}", Uuid::new_v4().simple());
    execute(database, format!("create role {login} login in role {owner}")).await?;
    execute(database, format!("alter role {login} set role {owner}")).await?;
    Ok(login)
}

async fn execute(database: &TestDatabase, statement: String) -> Result<()> {
    let mut connection = database.connect().await?;
    sqlx::query(AssertSqlSafe(statement)).execute(&mut connection).await?;
    Ok(())
}

pub(crate) async fn user_of(database: &Database) -> Result<String, sqlx::Error> {
    let mut transaction = database.begin().await?;
    sqlx::query_scalar("select session_user::text").fetch_one(&mut *transaction).await
}

/// More than may open connections at once.
const CROWD: usize = 8;

/// A bench whose login can be replaced: the bench, the role that owns the tables, the login.
async fn bench_with_login() -> Result<(Bench, String, String)> {
    bench_with_login_in(Fixture::new().await?).await
}

/// The same in surroundings of its own.
pub(crate) async fn bench_with_login_in(fixture: Fixture) -> Result<(Bench, String, String)> {
    let owner = format!("o{}", Uuid::new_v4().simple());
    execute(&fixture.database, format!("create role {owner} superuser nologin")).await?;
    let login = make_login(&fixture.database, &owner).await?;
    fixture.database.mount(&login, "unused")?;
    Ok((Bench::in_surroundings(fixture).await?, owner, login))
}

#[tokio::test]
async fn a_change_of_credentials_fails_no_request_and_leaves_the_old_login() -> Result<()> {
    let (bench, owner, old) = bench_with_login().await?;
    let (done, served) = (AtomicBool::new(false), AtomicUsize::new(0));
    let load = async {
        while !done.load(Ordering::Relaxed) {
            user_of(&bench.database).await?;
            served.fetch_add(1, Ordering::Relaxed);
        }
        anyhow::Ok(())
    };
    let rotation = async {
        let new = make_login(&bench.fixture.database, &owner).await?;
        bench.fixture.database.mount(&new, "unused")?;
        let is_gone = || async {
            ensure!(user_of(&bench.database).await? == new, "still the old login");
            let mut connection = bench.fixture.database.connect().await?;
            let sessions =
                sqlx::query_scalar("select count(*) from pg_stat_activity where usename = $1");
            let sessions: i64 = sessions.bind(&old).fetch_one(&mut connection).await?;
            ensure!(sessions == 0, "{sessions} sessions of the old login");
            Ok(())
        };
        let outcome = eventually(is_gone).await;
        done.store(true, Ordering::Relaxed);
        outcome
    };
    tokio::try_join!(load, rotation)?;
    assert!(served.load(Ordering::Relaxed) > 0);
    execute(&bench.fixture.database, format!("drop role {old}")).await
}

#[tokio::test]
async fn a_login_that_dies_before_it_was_replaced_is_replaced_by_the_requests_that_find_out()
-> Result<()> {
    let (bench, owner, old) = bench_with_login().await?;
    let new = make_login(&bench.fixture.database, &owner).await?;
    execute(&bench.fixture.database, format!("alter role {old} nologin")).await?;
    bench.fixture.database.mount(&new, "unused")?;
    let killed =
        format!("select pg_terminate_backend(pid) from pg_stat_activity where usename = '{old}'");
    execute(&bench.fixture.database, killed).await?;
    tokio::time::sleep(AGE).await;
    let users = try_join_all((0..CROWD).map(|_| user_of(&bench.database))).await?;
    assert_eq!(users, vec![new; CROWD]);
    Ok(())
}

#[tokio::test]
async fn connections_that_the_server_ended_are_noticed_before_they_are_used() -> Result<()> {
    let bench = Bench::start().await?;
    let mut held = Vec::new();
    while held.len() < 5 {
        held.push(bench.database.acquire().await?);
    }
    drop(held);
    let end = "select pg_terminate_backend(pid) from pg_stat_activity \
         where datname = current_database() and pid <> pg_backend_pid()";
    let mut other = bench.fixture.database.connect().await?;
    let ended = sqlx::query(end).execute(&mut other).await?.rows_affected();
    ensure!(ended >= 5, "only {ended} connections were ended");
    tokio::time::sleep(AGE).await;
    for _ in 0..10 {
        let mut connection = bench.database.acquire().await?;
        sqlx::query("select 1").execute(&mut *connection).await?;
    }
    Ok(())
}

#[tokio::test]
async fn a_transaction_that_nobody_waits_for_is_ended() -> Result<()> {
    let bench = Bench::start().await?;
    // Given up at every moment it may be given up at.
    for looks in 1..20 {
        let mut begin = pin!(bench.database.begin());
        for _ in 0..looks {
            if futures::poll!(&mut begin).is_ready() {
                break;
            }
            tokio::task::yield_now().await;
        }
    }
    let nobody_is_in_one = || async {
        let mut connection = bench.fixture.database.connect().await?;
        let open: i64 = sqlx::query_scalar(
            "select count(*) from pg_stat_activity where datname = current_database() and state like 'idle in transaction%'",
        )
        .fetch_one(&mut connection)
        .await?;
        ensure!(open == 0, "{open} transactions are open");
        Ok(())
    };
    eventually(nobody_is_in_one).await
}

#[tokio::test]
async fn an_exhausted_pool_refuses_fast() -> Result<()> {
    let bench = Bench::start().await?;
    let mut held = Vec::new();
    let refusal = loop {
        match bench.database.begin().await {
            Ok(transaction) => held.push(transaction),
            Err(error) => break error,
        }
    };
    assert_eq!(held.len(), 20);
    assert!(matches!(refusal, sqlx::Error::PoolTimedOut), "{refusal}");
    Ok(())
}

#[tokio::test]
async fn a_connection_that_is_given_back_is_had_while_none_can_be_opened() -> Result<()> {
    let (bench, _, login) = bench_with_login().await?;
    let mut held = Vec::new();
    while held.len() < 5 {
        held.push(bench.database.acquire().await?);
    }
    execute(&bench.fixture.database, format!("alter role {login} connection limit 0")).await?;
    for _ in 0..CROWD {
        let database = bench.database.clone();
        tokio::spawn(async move { database.acquire().await.map(drop) });
    }
    // Those who have a turn try to open one, for seconds.
    tokio::time::sleep(AGE).await;
    drop(held);
    bench.database.acquire().await?;
    Ok(())
}

#[tokio::test]
async fn a_full_pool_does_not_make_the_service_unready() -> Result<()> {
    let fixture = Fixture::new().await?;
    let (send, receive) = tokio::sync::oneshot::channel();
    let build = async |settings| {
        let mut chassis = Chassis::new(settings);
        send.send(chassis.database(&MIGRATIONS)?).ok();
        chassis.serve(Router::new(), Document::openapi()).await
    };
    let service = fixture.start_ready("test-service", build).await?;
    let database = receive.await?;
    let mut held = Vec::new();
    while let Ok(transaction) = database.begin().await {
        held.push(transaction);
    }
    assert_eq!(held.len(), 20);
    service.client.get("/actuator/health/readiness").await?.expect(200)?;
    Ok(())
}

/// The database refuses a statement with this code.
async fn refuse(database: &Database, code: &str) -> Result<(), sqlx::Error> {
    let raise = format!("do $$ begin raise exception using errcode = '{code}'; end $$");
    let mut connection = database.acquire().await?;
    sqlx::query(AssertSqlSafe(raise)).execute(&mut *connection).await.map(drop)
}

#[tokio::test]
async fn what_the_database_refuses_only_now_may_be_tried_again() -> Result<()> {
    let fixture = Fixture::new().await?;
    let build = async |settings| {
        let mut chassis = Chassis::new(settings);
        let database = chassis.database(&MIGRATIONS)?;
        let deeper = database.clone();
        let fail = async move |code: String| Ok::<_, ApiError>(refuse(&database, &code).await?);
        let fail_deeper = async move |code: String| {
            let refused = refuse(&deeper, &code).await.context("a step failed");
            Ok::<_, ApiError>(refused?)
        };
        let routes = Router::new().route("/fail", post(fail)).route("/deeper", post(fail_deeper));
        chassis.serve(routes, Document::openapi()).await
    };
    let service = fixture.start_ready("test-service", build).await?;
    // A deadlock, a conflict, a server that only reads since another took over, a lock that others hold, a failing disk.
    let later = ["40P01", "40001", "25006", "55P03", "58030"].map(|code| (code, 503));
    // A broken rule.
    let codes = later.into_iter().chain([("23514", 500)]);
    let everywhere =
        codes.flat_map(|(code, status)| [(code, status, "/fail"), (code, status, "/deeper")]);
    for (code, status, path) in everywhere {
        let request = service.client.request(reqwest::Method::POST, path)?.body(code);
        let answer = service.client.send(request).await?.expect_problem(status)?;
        assert_eq!(answer.header("retry-after").is_empty(), status == 500, "{code} on {path}");
    }
    Ok(())
}

#[tokio::test]
async fn a_migration_has_minutes_and_a_request_seconds() -> Result<()> {
    let bench = Bench::start().await?;
    let mut connection = bench.database.acquire().await?;
    let both =
        "select statement_timeout, current_setting('statement_timeout') from time_of_migrations";
    let both: (String, String) = sqlx::query_as(both).fetch_one(&mut *connection).await?;
    assert_eq!(both, ("10min".to_owned(), "10s".to_owned()));
    Ok(())
}

#[tokio::test]
async fn a_schema_of_a_newer_version_is_refused() -> Result<()> {
    let bench = Bench::start().await?;
    let newer = "insert into test_service._sqlx_migrations (version, description, success, checksum, execution_time) \
                 values (9999, 'from the future', true, '', 0)";
    execute(&bench.fixture.database, newer.to_owned()).await?;
    let mut older = Chassis::new(bench.fixture.settings("test-service")?);
    older.database(&MIGRATIONS)?;
    let application = older.serve(Router::new(), Document::openapi()).await?;
    let error = application.run().await.unwrap_err();
    assert!(format!("{error:#}").contains("9999"), "{error:#}");
    Ok(())
}

#[tokio::test]
async fn readiness_follows_the_database_and_liveness_does_not() -> Result<()> {
    let fixture = Fixture::new().await?;
    let build = async |settings| {
        let mut chassis = Chassis::new(settings);
        chassis.database(&MIGRATIONS)?;
        chassis.serve(Router::new(), Document::openapi()).await
    };
    let service = fixture.start_ready("test-service", build).await?;
    let mut other = TestDatabase::create().await?.connect().await?;
    let name = fixture.database.url.rsplit('/').next().unwrap_or_default();
    let name = name.split('?').next().unwrap_or_default().to_owned();
    let mut allow = async |allowed: bool| {
        let statement = format!("alter database {name} allow_connections {allowed}");
        sqlx::query(AssertSqlSafe(statement)).execute(&mut other).await?;
        let end = "select pg_terminate_backend(pid) from pg_stat_activity where datname = $1";
        sqlx::query(end).bind(&name).execute(&mut other).await.map(drop)
    };
    allow(false).await?;
    eventually(|| async {
        let answer = service.client.get("/actuator/health/readiness").await?.expect(503)?;
        ensure!(answer.json()["components"]["database"] == "DOWN", "{}", answer.text);
        Ok(())
    })
    .await?;
    service.client.get("/actuator/health/liveness").await?.expect(200)?;
    allow(true).await?;
    service.await_ready().await
}
