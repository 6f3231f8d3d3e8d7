//! OpenBao as the harness may use it: key-value secrets of EcoTrack, and the leases of database logins.

use std::collections::BTreeMap;

use anyhow::Context;
use chrono::{DateTime, TimeDelta, Utc};
use k8s_openapi::api::authentication::v1::{TokenRequest, TokenRequestSpec};
use k8s_openapi::api::core::v1::ServiceAccount;
use kube::Api;
use kube::api::PostParams;
use reqwest::{Method, RequestBuilder, StatusCode};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::json;

use super::secrets::DatabaseLogin;
use super::{AskError, Endpoint, places};
use crate::cluster::Cluster;
use crate::suite::{Component, Suite};

const TOKEN_HEADER: &str = "x-vault-token";
/// The login role whose policy this client is limited to.
const ROLE: &str = "conformance";
/// The `ServiceAccount` that may log in with that role.
const ACCOUNT: &str = "conformance";
const AUDIENCE: &str = "openbao";
const HOST: &str = "openbao.openbao.svc.cluster.local";
/// Life of the `ServiceAccount` token in seconds, the least that Kubernetes grants; it is used once.
const TOKEN_SECONDS: i64 = 600;
/// A lease is issued right after its login is made.
const SAME_MOMENT: TimeDelta = TimeDelta::seconds(2);

/// A logged-in client of OpenBao.
#[derive(Clone)]
pub struct OpenBao {
    endpoint: Endpoint,
    token: SecretString,
}

#[derive(Deserialize)]
struct Login {
    auth: Auth,
}

#[derive(Deserialize)]
struct Auth {
    client_token: SecretString,
}

#[derive(Deserialize)]
struct Keys {
    data: KeyList,
}

#[derive(Deserialize)]
struct LeaseAnswer {
    data: Lease,
}

#[derive(Deserialize)]
struct Lease {
    issue_time: DateTime<Utc>,
}

/// OpenBao writes the time at which it made a login, in seconds since 1970, at the end of the role's name.
fn made_at(username: &str) -> anyhow::Result<DateTime<Utc>> {
    let seconds = username.rsplit('-').next().and_then(|tail| tail.parse().ok());
    let made = seconds.and_then(|seconds| DateTime::from_timestamp(seconds, 0));
    made.with_context(|| {
        format!("{username} is no login that OpenBao made: its name does not end with the time")
    })
}

/// The lease that was issued at this moment; of several the last one: the operator may ask twice for one Secret, and keeps what it
/// was told last. OpenBao does not say whose login a lease is, so what is judged later is the login itself: PostgreSQL has to refuse it.
fn last_at(made: DateTime<Utc>, issued: Vec<(String, DateTime<Utc>)>) -> Option<String> {
    let then = issued.into_iter().filter(|(_, at)| (*at - made).abs() <= SAME_MOMENT);
    then.max_by_key(|(_, at)| *at).map(|(id, _)| id)
}

#[derive(Deserialize)]
struct KeyList {
    keys: Vec<String>,
}

impl Component for OpenBao {
    async fn connect(suite: &Suite) -> anyhow::Result<Self> {
        let openbao = Self::open(suite.cluster()).await?;
        suite.redactor().forget(openbao.token.expose_secret());
        Ok(openbao)
    }
}

/// A short-lived token of the harness's own `ServiceAccount`, good for OpenBao alone.
async fn account_token(cluster: &Cluster) -> anyhow::Result<SecretString> {
    let accounts: Api<ServiceAccount> = Api::namespaced(cluster.client(), places::CONFORMANCE);
    let spec = TokenRequestSpec {
        audiences: Some(vec![AUDIENCE.to_owned()]),
        expiration_seconds: Some(TOKEN_SECONDS),
        ..TokenRequestSpec::default()
    };
    let request = TokenRequest { spec: Some(spec), ..TokenRequest::default() };
    let answer = accounts.create_token_request(ACCOUNT, &PostParams::default(), &request).await;
    let answer = answer.with_context(|| {
        format!("no token for serviceaccount {}/{ACCOUNT}", places::CONFORMANCE)
    })?;
    let token = answer
        .status
        .and_then(|status| status.token)
        .context("the token request was answered without a token")?;
    Ok(token.into())
}

impl OpenBao {
    /// Logs in with the harness's own account.
    pub async fn open(cluster: &Cluster) -> anyhow::Result<Self> {
        let at = places::openbao();
        let endpoint = Endpoint::forwarded_tls(cluster, "OpenBao", &at, HOST).await?;
        Ok(Self::login(endpoint, &account_token(cluster).await?).await?)
    }

    /// Logs in with a `ServiceAccount` token made for audience `openbao`.
    pub async fn login(
        endpoint: Endpoint,
        service_account_token: &SecretString,
    ) -> Result<Self, AskError> {
        let body = json!({"role": ROLE, "jwt": service_account_token.expose_secret()});
        let request = endpoint.request(Method::POST, "/v1/auth/kubernetes/login").json(&body);
        let login: Login = endpoint.json("POST /v1/auth/kubernetes/login", request).await?;
        Ok(Self { endpoint, token: login.auth.client_token })
    }

    /// Writes all fields of a secret below `secret/`; what was there becomes an older version.
    pub async fn write_secret(
        &self,
        path: &str,
        fields: &BTreeMap<String, String>,
    ) -> Result<(), AskError> {
        let path = format!("/v1/secret/data/{path}");
        self.command(&path, self.request(Method::POST, &path).json(&json!({"data": fields}))).await
    }

    /// Names of the secrets directly in a folder below `secret/`.
    pub async fn list_secrets(&self, folder: &str) -> Result<Vec<String>, AskError> {
        self.list(&format!("/v1/secret/metadata/{folder}")).await
    }

    /// Removes a secret below `secret/` with all its versions.
    pub async fn delete_secret(&self, path: &str) -> Result<(), AskError> {
        let path = format!("/v1/secret/metadata/{path}");
        self.command(&path, self.request(Method::DELETE, &path)).await
    }

    /// The id of the lease that a login of a database role lives by; none when it has ended.
    ///
    /// # Errors
    /// When OpenBao does not answer, or the login is none that it made.
    pub async fn find_lease(
        &self,
        role: &str,
        login: &DatabaseLogin,
    ) -> anyhow::Result<Option<String>> {
        let made = made_at(&login.username)?;
        let mut issued = Vec::new();
        for id in self.fetch_leases(role).await? {
            if let Some(lease) = self.find_lease_by_id(&id).await? {
                issued.push((id, lease.issue_time));
            }
        }
        Ok(last_at(made, issued))
    }

    /// Whether a lease has not ended.
    pub async fn has_lease(&self, id: &str) -> Result<bool, AskError> {
        Ok(self.find_lease_by_id(id).await?.is_some())
    }

    async fn find_lease_by_id(&self, id: &str) -> Result<Option<Lease>, AskError> {
        let path = "/v1/sys/leases/lookup";
        let request = self.request(Method::PUT, path).json(&json!({"lease_id": id}));
        match self.endpoint.json::<LeaseAnswer>(&format!("PUT {path}"), request).await {
            Ok(answer) => Ok(Some(answer.data)),
            // It ran out between the two questions.
            Err(error)
                if error.status().is_some_and(|status| {
                    status.is_client_error() && status != StatusCode::FORBIDDEN
                }) =>
            {
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    /// The settings of a database role, as OpenBao answers them.
    pub async fn fetch_database_role(&self, role: &str) -> Result<serde_json::Value, AskError> {
        let path = format!("/v1/database/roles/{role}");
        let answer: serde_json::Value =
            self.endpoint.json(&format!("GET {path}"), self.request(Method::GET, &path)).await?;
        Ok(answer["data"].clone())
    }

    /// How many logins of a database role have a lease.
    pub async fn count_leases(&self, role: &str) -> Result<usize, AskError> {
        Ok(self.fetch_leases(role).await?.len())
    }

    /// Leases of the logins of a database role, as full lease ids.
    async fn fetch_leases(&self, role: &str) -> Result<Vec<String>, AskError> {
        let prefix = format!("database/creds/{role}");
        let keys = self.list(&format!("/v1/sys/leases/lookup/{prefix}")).await?;
        Ok(keys.into_iter().map(|key| format!("{prefix}/{key}")).collect())
    }

    async fn list(&self, path: &str) -> Result<Vec<String>, AskError> {
        let list = Method::from_bytes(b"LIST").unwrap_or(Method::GET);
        match self.endpoint.json::<Keys>(&format!("LIST {path}"), self.request(list, path)).await {
            Ok(keys) => Ok(keys.data.keys),
            // OpenBao answers an empty list with 404.
            Err(error) if error.status() == Some(StatusCode::NOT_FOUND) => Ok(Vec::new()),
            Err(error) => Err(error),
        }
    }

    /// Ends a lease now and waits until OpenBao has revoked the login.
    pub async fn revoke(&self, lease: &str) -> Result<(), AskError> {
        let path = "/v1/sys/leases/revoke";
        self.command(
            path,
            self.request(Method::POST, path).json(&json!({"lease_id": lease, "sync": true})),
        )
        .await
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.endpoint.request(method, path).header(TOKEN_HEADER, self.token.expose_secret())
    }

    async fn command(&self, question: &str, request: RequestBuilder) -> Result<(), AskError> {
        self.endpoint.text(question, request).await.map(drop)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_login_of_openbao_tells_when_it_was_made() {
        let made = made_at("v-kubernet-order-se-8RzvQmXkT0b1LrWc2Yd5-1790000000").unwrap();
        assert_eq!(made.timestamp(), 1_790_000_000);
    }

    #[test]
    fn the_lease_of_a_login_is_the_last_one_issued_with_it() {
        let at = |seconds: i64| DateTime::from_timestamp(1_790_000_000 + seconds, 0).unwrap();
        let lease = |id: &str, seconds| (id.to_owned(), at(seconds));
        let (own, later) = (lease("own", 1), lease("later", 30));
        let twin = lease("twin", 0);
        assert_eq!(last_at(at(0), vec![later.clone(), own, twin]).as_deref(), Some("own"));
        assert_eq!(last_at(at(0), vec![later]), None);
    }

    #[test]
    fn a_login_made_by_hand_is_told_apart() {
        assert!(
            made_at("order_service")
                .unwrap_err()
                .to_string()
                .contains("no login that OpenBao made")
        );
    }

    #[test]
    fn a_recorded_lease_tells_when_it_was_issued() {
        let json = r#"{"request_id":"1","data":{"expire_time":"2026-11-22T19:41:15.5Z","id":"database/creds/order-service/abc","issue_time":"2026-11-22T19:40:00.5Z","last_renewal":null,"renewable":true,"ttl":60}}"#;
        assert_eq!(
            serde_json::from_str::<LeaseAnswer>(json)
                .unwrap()
                .data
                .issue_time
                .timestamp_subsec_millis(),
            500
        );
    }
}
