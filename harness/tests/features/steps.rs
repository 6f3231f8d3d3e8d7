//! The steps, one file per concept of the domain. A step parses, asks, checks and keeps the evidence; what it asks with is in the library.

mod alert;
mod asking;
mod business;
mod credentials;
mod customer;
mod dashboard;
mod event;
mod falco;
mod gateway;
mod handshake;
mod health;
mod limit;
mod list;
mod log;
mod mesh;
mod metric;
mod notification;
mod order;
mod payment;
mod privacy;
mod problem;
mod product;
mod provider;
mod redis;
mod secret;
mod sidecar;
mod table;
mod trace;

use cucumber::World as _;
use cucumber::gherkin::{Feature, Step};

use crate::world::World;

/// Steps of these features that no code matches, or more than one piece of code does, each with its place.
pub(crate) fn unmatched(features: &[Feature]) -> Vec<String> {
    let collection = World::collection();
    let complaint = |feature: &Feature, step: &Step| {
        let place = feature
            .path
            .as_deref()
            .unwrap_or_else(|| std::path::Path::new("?"))
            .display()
            .to_string();
        match collection.find(step) {
            Ok(Some(_)) => None,
            Ok(None) => {
                Some(format!("{place}:{}: no code for `{}`", step.position.line, step.value))
            }
            Err(ambiguous) => {
                Some(format!("{place}:{}: `{}`: {ambiguous}", step.position.line, step.value))
            }
        }
    };
    let steps = |feature: &Feature| {
        feature.scenarios.iter().flat_map(|scenario| scenario.steps.clone()).collect::<Vec<_>>()
    };
    features
        .iter()
        .flat_map(|feature| {
            steps(feature).iter().filter_map(|step| complaint(feature, step)).collect::<Vec<_>>()
        })
        .collect()
}
