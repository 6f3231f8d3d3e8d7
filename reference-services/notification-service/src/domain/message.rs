//! The text of a notification: a template with its blanks filled.

use std::collections::BTreeMap;

use minijinja::{Environment, UndefinedBehavior};
use serde::{Deserialize, Serialize};

/// A template as it is stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Template {
    /// Subject line.
    pub subject: String,
    /// Text.
    pub body: String,
}

/// What is sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// Subject line.
    pub subject: String,
    /// Text.
    pub body: String,
}

impl Template {
    /// Fills the blanks. A blank without a value is an error, not an empty space.
    pub fn render(&self, values: &BTreeMap<String, String>) -> Result<Message, minijinja::Error> {
        let mut environment = Environment::new();
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        Ok(Message {
            subject: environment.render_str(&self.subject, values)?,
            body: environment.render_str(&self.body, values)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn template(body: &str) -> Template {
        Template { subject: "Hello".to_owned(), body: body.to_owned() }
    }

    #[test]
    fn blanks_are_filled() {
        let values = BTreeMap::from([("first_name".to_owned(), "Ada".to_owned())]);
        let message = template("Dear {{ first_name }}").render(&values).unwrap();
        assert_eq!(message.body, "Dear Ada");
    }

    #[test]
    fn a_blank_without_a_value_is_not_sent() {
        assert!(template("Dear {{ first_name }}").render(&BTreeMap::new()).is_err());
    }

    #[test]
    fn a_name_is_text_and_never_a_template() {
        let values = BTreeMap::from([("first_name".to_owned(), "{{ order_id }}".to_owned())]);
        let message = template("Dear {{ first_name }}").render(&values).unwrap();
        assert_eq!(message.body, "Dear {{ order_id }}");
    }
}
