//! Traces by their ids, from Jaeger's query API (version 3, OTLP as JSON).

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use futures::{StreamExt as _, TryStreamExt as _, stream};
use reqwest::{Client, StatusCode};
use serde_json::Value;
use url::Url;

use crate::observed::{Span, Trace};

const ANSWER_WITHIN: Duration = Duration::from_secs(10);
/// Questions at a time.
const AT_A_TIME: usize = 8;

/// Looks traces up; one that is not there is absent from the answer.
pub async fn find(jaeger: &Url, ids: &[&str]) -> anyhow::Result<BTreeMap<String, Trace>> {
    let client =
        Client::builder().timeout(ANSWER_WITHIN).build().context("cannot make an HTTP client")?;
    let ids: Vec<String> = ids.iter().map(|id| (*id).to_owned()).collect();
    let looked_up =
        stream::iter(ids).map(|id| {
            let (client, jaeger) = (&client, jaeger);
            async move {
                Ok::<_, anyhow::Error>(one(client, jaeger, &id).await?.map(|trace| (id, trace)))
            }
        });
    let found: Vec<_> = looked_up.buffer_unordered(AT_A_TIME).try_collect().await?;
    Ok(found.into_iter().flatten().collect())
}

async fn one(client: &Client, jaeger: &Url, id: &str) -> anyhow::Result<Option<Trace>> {
    let url = jaeger
        .join(&format!("/api/v3/traces/{id}"))
        .context("the URL of traces cannot be extended")?;
    let answer = client.get(url.clone()).send().await.context("cannot look a trace up")?;
    if answer.status() == StatusCode::NOT_FOUND {
        return Ok(None);
    }
    ensure!(answer.status().is_success(), "{url} answered {}", answer.status());
    let document: Value =
        answer.json().await.with_context(|| format!("{url} answered with no JSON"))?;
    Ok(Some(trace(&document)))
}

fn trace(document: &Value) -> Trace {
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let mut spans = Vec::new();
    for resource in list(&document["result"]["resourceSpans"]) {
        let service = service(&resource);
        for scope in list(&resource["scopeSpans"]) {
            for span in list(&scope["spans"]) {
                let name = span["name"].as_str().unwrap_or_default().to_owned();
                spans.push(Span { service: service.clone(), name });
            }
        }
    }
    Trace { spans }
}

/// A proxy calls itself `workload.namespace`.
fn service(resource: &Value) -> String {
    let attributes =
        resource["resource"]["attributes"].as_array().map(Vec::as_slice).unwrap_or_default();
    let named = attributes.iter().find(|attribute| attribute["key"] == "service.name");
    let name =
        named.and_then(|attribute| attribute["value"]["stringValue"].as_str()).unwrap_or_default();
    name.split('.').next().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn spans_carry_their_service_and_a_proxy_that_of_its_workload() {
        let resource = |service: &str, span: &str| {
            json!({"resource": {"attributes": [{"key": "service.name", "value": {"stringValue": service}}]},
                   "scopeSpans": [{"spans": [{"name": span}]}]})
        };
        let resources = [
            resource("order-service", "order-processing"),
            resource("order-service.ecotrack", "outbound"),
        ];
        let trace = trace(&json!({"result": {"resourceSpans": resources}}));
        assert!(trace.spans.iter().all(|span| span.service == "order-service"));
        assert_eq!(trace.spans[0].name, "order-processing");
    }
}
