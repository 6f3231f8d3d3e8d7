//! Names in one argument of a sentence: `"user-service, order-service"`.

use std::convert::Infallible;
use std::str::FromStr;

use cucumber::Parameter;

/// Names separated by commas, in double quotes.
#[derive(Debug, Clone, Parameter)]
#[param(name = "names", regex = r#""([^"]*)""#)]
pub(crate) struct Names(Vec<String>);

impl Names {
    /// The names.
    pub(crate) fn all(&self) -> Vec<&str> {
        self.0.iter().map(String::as_str).collect()
    }
}

impl FromStr for Names {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        Ok(Self(text.split(',').map(|name| name.trim().to_owned()).collect()))
    }
}
