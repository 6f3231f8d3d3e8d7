//! PostgreSQL asked by its own client inside its own pod: what is stored, who may log in, who is connected.

use anyhow::{Context, Result, ensure};
use secrecy::ExposeSecret;

use super::places;
use super::secrets::DatabaseLogin;
use crate::cluster::{Cluster, Executed, PodRef, exec};
use crate::suite::{Component, Suite};

const DATABASE: &str = "ecotrack";
/// Reads the password from standard input, so that it stands in no argument; connects over TCP and TLS like a service does.
const LOGIN: &str = r#"read -r PGPASSWORD; export PGPASSWORD; exec psql -h "$(hostname -i)" -U "$0" -d "$1" -At -v ON_ERROR_STOP=1 -c "$2""#;

/// The primary.
pub struct Postgres {
    cluster: Cluster,
    pod: PodRef,
}

/// What PostgreSQL said to somebody who tried to log in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LoginAnswer {
    /// The pair is good.
    Accepted,
    /// PostgreSQL itself refused, in its words.
    Refused(String),
}

/// What PostgreSQL said to a login that asked for a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TableAnswer {
    /// It may read the table.
    Read,
    /// It may not so much as enter the schema, in PostgreSQL's words.
    Refused(String),
}

impl Component for Postgres {
    async fn connect(suite: &Suite) -> Result<Self> {
        Ok(Self { cluster: suite.cluster().clone(), pod: PodRef::new(places::DATA, "postgres-0") })
    }
}

impl Postgres {
    /// The rows of a query, columns separated by `|`. Variables stand in the SQL as `:'name'`.
    pub async fn fetch_rows(&self, sql: &str, variables: &[(&str, &str)]) -> Result<Vec<String>> {
        let assignments: Vec<String> =
            variables.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let mut command = vec![
            "psql",
            "-h",
            "/tmp",
            "-U",
            "postgres",
            "-d",
            DATABASE,
            "-At",
            "-v",
            "ON_ERROR_STOP=1",
        ];
        for assignment in &assignments {
            command.extend(["-v", assignment.as_str()]);
        }
        let executed = exec(&self.cluster, &self.pod, &command, Some(sql.as_bytes())).await?;
        ensure!(executed.code == 0, "PostgreSQL refused `{sql}`: {}", executed.stderr.trim());
        Ok(executed.stdout.lines().map(str::to_owned).collect())
    }

    /// How many orders a user has.
    pub async fn count_orders(&self, user_id: &str) -> Result<u64> {
        self.count(
            "SELECT count(*) FROM order_service.orders WHERE user_id = :'user'",
            &[("user", user_id)],
        )
        .await
    }

    /// The quantities of a product that are reserved for an order.
    pub async fn fetch_reservations(
        &self,
        order_id: &str,
        product_id: &str,
    ) -> Result<Vec<String>> {
        let sql = "SELECT quantity FROM product_service.reservations WHERE order_id = :'order' AND product_id = :'product'";
        self.fetch_rows(sql, &[("order", order_id), ("product", product_id)]).await
    }

    /// How the provider answered each time it was asked for a payment's money, as payment-service noted it.
    pub async fn fetch_charge_outcomes(&self, payment_id: &str) -> Result<Vec<String>> {
        let sql = "SELECT outcome FROM payment_service.payment_attempts WHERE payment_id = :'payment' AND operation = 'charge'";
        self.fetch_rows(sql, &[("payment", payment_id)]).await
    }

    /// Whether the role is still known.
    pub async fn has_role(&self, role: &str) -> Result<bool> {
        Ok(!self
            .fetch_rows("SELECT 1 FROM pg_roles WHERE rolname = :'role'", &[("role", role)])
            .await?
            .is_empty())
    }

    /// How many sessions a role has open.
    pub async fn count_sessions(&self, role: &str) -> Result<u64> {
        self.count(
            "SELECT count(*) FROM pg_stat_activity WHERE usename = :'role'",
            &[("role", role)],
        )
        .await
    }

    /// Drops the dynamic logins of a service whose time is over; answers with how many others it has.
    pub async fn drop_expired_logins(&self, service: &str) -> Result<usize> {
        let owner = service.replace('-', "_");
        let sql = "SELECT rolname, rolvaliduntil < now() FROM pg_roles WHERE rolvaliduntil IS NOT NULL AND pg_has_role(rolname, :'owner', 'member')";
        let mut alive = 0;
        for row in self.fetch_rows(sql, &[("owner", owner.as_str())]).await? {
            match row.split_once('|') {
                Some((role, "t")) => {
                    drop(self.fetch_rows("DROP ROLE :\"role\"", &[("role", role)]).await?);
                }
                _ => alive += 1,
            }
        }
        Ok(alive)
    }

    async fn count(&self, sql: &str, variables: &[(&str, &str)]) -> Result<u64> {
        let rows = self.fetch_rows(sql, variables).await?;
        let count =
            rows.first().with_context(|| format!("PostgreSQL answered `{sql}` without a row"))?;
        count.parse().with_context(|| format!("PostgreSQL answered `{sql}` with {count:?}"))
    }

    /// Tries to log in with a pair, over the network as a service does.
    pub async fn log_in(&self, login: &DatabaseLogin) -> Result<LoginAnswer> {
        read_login(&self.run_as(login, "SELECT current_user").await?)
    }

    /// Tries to read a table that every service has, in the schema of a service.
    pub async fn read_table(&self, login: &DatabaseLogin, service: &str) -> Result<TableAnswer> {
        let schema = service.replace('-', "_");
        let sql = format!("SELECT count(*) FROM {schema}._sqlx_migrations");
        read_table(&self.run_as(login, &sql).await?, &schema)
    }

    async fn run_as(&self, login: &DatabaseLogin, sql: &str) -> Result<Executed> {
        let input = format!("{}\n", login.password.expose_secret());
        let command = ["sh", "-c", LOGIN, &login.username, DATABASE, sql];
        Ok(exec(&self.cluster, &self.pod, &command, Some(input.as_bytes())).await?)
    }
}

/// Only PostgreSQL's own words about the login count: a client that cannot reach it, one that came while the server was starting or
/// full, or one that has no `psql`, was not refused.
fn read_login(executed: &Executed) -> Result<LoginAnswer> {
    let said = executed.stderr.trim();
    if executed.code == 0 {
        return Ok(LoginAnswer::Accepted);
    }
    let reason = said.split_once("FATAL:").and_then(|(_, reason)| reason.lines().next());
    let reason =
        reason.with_context(|| format!("the login attempt did not reach PostgreSQL: {said}"))?;
    ensure!(is_about_the_login(reason.trim()), "PostgreSQL did not judge the login: {said}");
    Ok(LoginAnswer::Refused(said.to_owned()))
}

/// Only PostgreSQL's refusal to enter this very schema counts: a table that is not there, or a login that was not let in, shows nothing.
fn read_table(executed: &Executed, schema: &str) -> Result<TableAnswer> {
    let said = executed.stderr.trim();
    if executed.code == 0 {
        return Ok(TableAnswer::Read);
    }
    let refused = said.contains(&format!("permission denied for schema {schema}"));
    ensure!(refused, "PostgreSQL did not judge what the login may: {said}");
    Ok(TableAnswer::Refused(said.to_owned()))
}

/// A wrong password, or a role that it does not know, which some ways of authentication tell apart.
fn is_about_the_login(reason: &str) -> bool {
    reason.starts_with("password authentication failed for user")
        || (reason.starts_with("role ") && reason.ends_with("does not exist"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ended(code: i32, stderr: &str) -> Executed {
        Executed { code, stdout: String::new(), stderr: stderr.to_owned() }
    }

    #[test]
    fn a_refusal_is_in_postgresqls_own_words() {
        let refusal = "psql: error: connection to server at \"10.200.1.7\", port 5432 failed: FATAL:  password authentication failed for user \"v-kubernetes-order\"";
        assert!(
            matches!(read_login(&ended(2, refusal)).unwrap(), LoginAnswer::Refused(said) if said.contains("password authentication"))
        );
        assert_eq!(read_login(&ended(0, "")).unwrap(), LoginAnswer::Accepted);
    }

    #[test]
    fn only_the_schema_itself_refuses_a_table() {
        let refusal = "ERROR:  permission denied for schema user_service";
        let refused = read_table(&ended(1, refusal), "user_service").unwrap();
        assert_eq!(refused, TableAnswer::Refused(refusal.to_owned()));
        assert_eq!(read_table(&ended(0, ""), "user_service").unwrap(), TableAnswer::Read);
        for said in [
            "ERROR:  relation \"user_service._sqlx_migrations\" does not exist",
            "psql: error: FATAL:  password authentication failed for user \"v-order\"",
            "ERROR:  permission denied for schema order_service",
        ] {
            assert!(read_table(&ended(1, said), "user_service").is_err(), "{said}");
        }
    }

    #[test]
    fn a_server_that_is_not_reached_has_not_refused() {
        assert!(
            read_login(&ended(2, "psql: error: connection to server failed: Connection refused"))
                .is_err()
        );
        assert!(read_login(&ended(127, "sh: psql: not found")).is_err());
    }

    #[test]
    fn a_server_that_hangs_up_for_another_reason_has_not_refused_the_login() {
        for reason in [
            "sorry, too many clients already",
            "the database system is starting up",
            "database \"ecotrack\" does not exist",
            "no pg_hba.conf entry for host \"10.200.1.7\"",
        ] {
            let said = format!("psql: error: connection to server failed: FATAL:  {reason}");
            let error = read_login(&ended(2, &said)).unwrap_err().to_string();
            assert!(error.contains("did not judge the login"), "{error}");
        }
        let unknown = "psql: error: connection to server failed: FATAL:  role \"v-kubernetes-order\" does not exist";
        assert!(matches!(read_login(&ended(2, unknown)).unwrap(), LoginAnswer::Refused(_)));
    }
}
