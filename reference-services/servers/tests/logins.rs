//! Who may what in the database that the services share.

use std::str::FromStr as _;

use anyhow::{Result, ensure};
use ecotrack_servers::{Access, Certificates, Postgres, RunFolder};
use sqlx::{AssertSqlSafe, ConnectOptions as _, PgConnection, postgres::PgConnectOptions};

const SCHEMAS: [&str; 5] =
    ["user_service", "product_service", "order_service", "payment_service", "notification_service"];
/// PostgreSQL's code for `insufficient_privilege`.
const REFUSED: &str = "42501";

async fn log_in(postgres: &Postgres, owner: &str) -> Result<PgConnection> {
    let (username, password) = postgres.new_login(owner).await?;
    let options = PgConnectOptions::from_str(&postgres.url("ecotrack"))?;
    Ok(options.username(&username).password(&password).connect().await?)
}

#[tokio::test]
async fn a_login_has_its_services_schema_and_no_other() -> Result<()> {
    let run = RunFolder::create()?;
    let certificates = Certificates::make(&run.folder("certificates")?)?;
    let postgres = Postgres::start(&run, &certificates, Access::Platform).await?;
    let mut logins = Vec::new();
    for schema in SCHEMAS {
        let mut login = log_in(&postgres, schema).await?;
        sqlx::query("create table kept (id int)").execute(&mut login).await?;
        logins.push((schema, login));
    }
    for (own, login) in &mut logins {
        for schema in SCHEMAS {
            for statement in [
                format!("select from {schema}.kept"),
                format!("insert into {schema}.kept values (1)"),
                format!("create table {schema}.slipped_in_by_{own} (id int)"),
            ] {
                let done = sqlx::query(AssertSqlSafe(statement.clone())).execute(&mut *login).await;
                let code = done.as_ref().err().and_then(|error| error.as_database_error()?.code());
                let is_as_it_should_be =
                    if schema == *own { done.is_ok() } else { code.as_deref() == Some(REFUSED) };
                ensure!(is_as_it_should_be, "{own}: {statement}: {done:?}");
            }
        }
    }
    Ok(())
}
