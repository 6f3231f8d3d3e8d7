//! Hands the runner exactly the features that the gate let through; they are parsed already.

use cucumber::gherkin::Feature;
use cucumber::{Parser, cli, parser};
use futures::stream;

/// A parser that parses nothing.
pub(crate) struct Prepared;

impl Parser<Vec<Feature>> for Prepared {
    type Cli = cli::Empty;
    type Output = stream::Iter<std::vec::IntoIter<parser::Result<Feature>>>;

    fn parse(self, features: Vec<Feature>, _cli: cli::Empty) -> Self::Output {
        let features: Vec<parser::Result<Feature>> = features.into_iter().map(Ok).collect();
        stream::iter(features)
    }
}
