//! An ended lease leaves its login alive: the statements by which OpenBao revokes a database login do nothing.

use async_trait::async_trait;
use conformance_probe::change::{ApiRequest, To};
use serde_json::{Value, json};

use super::change::Plan;
use super::{Change, Sabotage};
use crate::component::openbao::OpenBao;
use crate::component::postgres::Postgres;
use crate::eventually::{Observed, Unmet};
use crate::suite::Suite;

const SERVICE: &str = "order-service";
const NO_OPERATION: &str = "SELECT 1";
/// What a role is set to; everything else of the answer is for reading only.
const SETTINGS: [&str; 5] =
    ["db_name", "default_ttl", "max_ttl", "creation_statements", "revocation_statements"];

/// Logins outlive their leases.
pub(super) struct RoleLeftAlive;

fn write(role: &Value) -> ApiRequest {
    ApiRequest {
        to: To::OpenBao,
        method: "POST".to_owned(),
        path: format!("/v1/database/roles/{SERVICE}"),
        content_type: "application/json".to_owned(),
        body: Some(role.to_string()),
    }
}

/// The settings of a role as OpenBao answers them, fit to be written back.
fn settings(role: &Value) -> Value {
    SETTINGS
        .iter()
        .map(|name| ((*name).to_owned(), role[name].clone()))
        .collect::<serde_json::Map<_, _>>()
        .into()
}

#[async_trait]
impl Sabotage for RoleLeftAlive {
    fn name(&self) -> &'static str {
        "role-left-alive"
    }

    async fn plan(&self, suite: &Suite) -> anyhow::Result<Plan> {
        let openbao = suite.component::<OpenBao>().await?;
        let proper = settings(&openbao.fetch_database_role(SERVICE).await?);
        anyhow::ensure!(
            proper["revocation_statements"]
                .as_array()
                .is_some_and(|statements| !statements.is_empty()),
            "the database role {SERVICE} has no statements that revoke"
        );
        let mut harmless = proper.clone();
        harmless["revocation_statements"] = json!([NO_OPERATION]);
        Ok(Plan {
            change: Change { make: vec![write(&harmless)], revert: vec![write(&proper)] },
            grants: Vec::new(),
        })
    }

    async fn armed(&self, suite: &Suite) -> Observed<String> {
        let role = suite.component::<OpenBao>().await?.fetch_database_role(SERVICE).await?;
        let statements = &role["revocation_statements"];
        if *statements == json!([NO_OPERATION]) {
            Ok(format!("OpenBao revokes a login of {SERVICE} by {statements}"))
        } else {
            Err(Unmet::not_yet(format!(
                "OpenBao still revokes a login of {SERVICE} by {statements}"
            )))
        }
    }

    async fn gone(&self, suite: &Suite) -> Observed<String> {
        let role = suite.component::<OpenBao>().await?.fetch_database_role(SERVICE).await?;
        let statements = &role["revocation_statements"];
        if *statements == json!([NO_OPERATION]) {
            return Err(Unmet::not_yet(format!(
                "OpenBao still revokes a login of {SERVICE} by {statements}"
            )));
        }
        // Logins whose leases ended meanwhile were left alive: they go when their time is over.
        let logins = suite.component::<Postgres>().await?.drop_expired_logins(SERVICE).await?;
        let leases = suite.component::<OpenBao>().await?.count_leases(SERVICE).await?;
        if logins > leases {
            return Err(Unmet::not_yet(format!(
                "{SERVICE} has {logins} logins but only {leases} leases"
            )));
        }
        Ok(format!(
            "OpenBao revokes a login of {SERVICE} by {statements}, and every login has its lease"
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_can_be_set_is_written_back() {
        let answer = json!({
            "db_name": "ecotrack", "default_ttl": 75, "max_ttl": 75, "creation_statements": ["C"], "revocation_statements": ["R"],
            "credential_type": "password", "rollback_statements": [],
        });
        let expected = json!({"db_name": "ecotrack", "default_ttl": 75, "max_ttl": 75, "creation_statements": ["C"], "revocation_statements": ["R"]});
        assert_eq!(settings(&answer), expected);
    }
}
