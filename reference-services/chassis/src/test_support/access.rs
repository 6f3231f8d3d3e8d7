//! Every operation of a service's document against who may ask for it: a new route is among them by itself.

use anyhow::{Context as _, ensure};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{Answer, Client};

/// An operation, as a running service describes it.
#[derive(Debug, Clone)]
pub struct Operation {
    /// What is done.
    pub method: Method,
    /// Where, with the names of its parameters in braces until they are filled in.
    pub path: String,
    /// The group it belongs to.
    pub tag: String,
    /// Whether no token is asked for.
    pub is_public: bool,
}

impl Operation {
    /// The same operation with a parameter of its path filled in.
    #[must_use]
    pub fn with(mut self, parameter: &str, value: &str) -> Self {
        self.path = self.path.replace(&format!("{{{parameter}}}"), value);
        self
    }

    /// Asks for it with an empty document; parameters that are not filled in name something that is nowhere.
    pub async fn ask(&self, client: &Client) -> anyhow::Result<Answer> {
        let request = client
            .request(self.method.clone(), &filled(&self.path))?
            .header("if-match", "*")
            .header("idempotency-key", Uuid::new_v4().to_string())
            .json(&json!({}));
        client.send(request).await
    }

    async fn refuse(&self, client: &Client, status: u16) -> anyhow::Result<()> {
        let answer = self.ask(client).await?.expect_problem(status);
        answer.map(drop).with_context(|| format!("{} {}", self.method, self.path))
    }
}

/// All operations of a service's document. None is an error.
pub async fn operations(client: &Client) -> anyhow::Result<Vec<Operation>> {
    let document = client.get("/openapi.json").await?.expect(200)?.json();
    let mut found = Vec::new();
    for (path, item) in document["paths"].as_object().into_iter().flatten() {
        for (method, operation) in item.as_object().into_iter().flatten() {
            found.push(Operation {
                method: Method::from_bytes(method.to_uppercase().as_bytes())?,
                path: path.clone(),
                tag: operation["tags"][0].as_str().unwrap_or_default().to_owned(),
                is_public: operation["security"] == Value::Null,
            });
        }
    }
    ensure!(!found.is_empty(), "the document has no operation");
    Ok(found)
}

/// Fails unless exactly `public` may be asked for without a token, and everything else is refused with 401.
pub async fn only_public(client: &Client, public: &[(&str, &str)]) -> anyhow::Result<()> {
    let (open, closed): (Vec<_>, Vec<_>) =
        operations(client).await?.into_iter().partition(|operation| operation.is_public);
    for operation in &open {
        let status = operation.ask(client).await?.status;
        ensure!(status != StatusCode::UNAUTHORIZED, "{operation:?} asks for a token");
    }
    let mut open: Vec<_> =
        open.iter().map(|operation| (operation.method.as_str(), operation.path.as_str())).collect();
    open.sort_unstable();
    ensure!(open == public, "without a token one may ask {open:?}, not {public:?}");
    for operation in closed {
        operation.refuse(client, 401).await?;
    }
    Ok(())
}

/// Fails unless each of these operations is refused with this status, and unless there are so many of them.
pub async fn refused(
    client: &Client,
    operations: &[Operation],
    count: usize,
    status: u16,
) -> anyhow::Result<()> {
    ensure!(operations.len() == count, "expected {count} operations: {operations:?}");
    for operation in operations {
        operation.refuse(client, status).await?;
    }
    Ok(())
}

/// A path with every parameter that is left naming something that is nowhere.
fn filled(path: &str) -> String {
    let fill = |part: &str| {
        if part.starts_with('{') { Uuid::new_v4().to_string() } else { part.to_owned() }
    };
    path.split('/').map(fill).collect::<Vec<_>>().join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_filled_in_and_the_rest_of_a_path_stays() {
        let path = filled("/api/users/{id}/roles/{role}");
        let parts: Vec<_> = path.split('/').collect();
        assert_eq!((parts[1], parts[2], parts[4]), ("api", "users", "roles"));
        assert!(parts[3].parse::<Uuid>().is_ok() && parts[5].parse::<Uuid>().is_ok(), "{path}");
    }
}
