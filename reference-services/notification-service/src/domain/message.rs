//! The text of a notification: a template with its blanks filled.

use std::collections::BTreeMap;

use minijinja::{AutoEscape, Environment, UndefinedBehavior};
use serde::{Deserialize, Serialize};

/// What the HTML part is called while it is rendered: its values are escaped.
const HTML: &str = "html";
/// What everything else is called: its values are text.
const TEXT: &str = "text";

/// A template as it is stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Template {
    /// Subject line.
    pub subject: String,
    /// Text.
    pub body: String,
    /// The same as HTML; text messages have none.
    pub html: Option<String>,
}

/// What is sent. Holds personal data, hence without `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub struct Message {
    /// Subject line.
    pub subject: String,
    /// Text.
    pub body: String,
    /// The same as HTML.
    pub html: Option<String>,
}

impl Template {
    /// Fills the blanks. A blank without a value is an error, not an empty space.
    pub fn render(&self, values: &BTreeMap<String, String>) -> Result<Message, minijinja::Error> {
        let environment = environment();
        let render = |name: &str, source: &str| environment.render_named_str(name, source, values);
        let html = self.html.as_ref().map(|html| render(HTML, html)).transpose()?;
        Ok(Message {
            subject: one_line(&render(TEXT, &self.subject)?),
            body: render(TEXT, &self.body)?,
            html,
        })
    }
}

fn environment() -> Environment<'static> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_auto_escape_callback(|name| {
        if name == HTML { AutoEscape::Html } else { AutoEscape::None }
    });
    environment
}

/// A subject is a header: a line break in a value must not begin another one.
fn one_line(text: &str) -> String {
    let spaced: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    spaced.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn template(text: &str) -> Template {
        Template { subject: text.to_owned(), body: text.to_owned(), html: Some(text.to_owned()) }
    }

    fn named(first_name: &str) -> BTreeMap<String, String> {
        BTreeMap::from([("first_name".to_owned(), first_name.to_owned())])
    }

    #[test]
    fn blanks_are_filled() {
        let message = template("Dear {{ first_name }}").render(&named("Ada")).unwrap();
        assert_eq!(message.subject, "Dear Ada");
        assert_eq!(message.body, "Dear Ada");
        assert_eq!(message.html.as_deref(), Some("Dear Ada"));
    }

    #[test]
    fn a_blank_without_a_value_is_not_sent() {
        assert!(template("Dear {{ first_name }}").render(&BTreeMap::new()).is_err());
    }

    #[test]
    fn a_name_is_no_markup_where_markup_means_something() {
        let message = template("{{ first_name }}").render(&named("<a href=x>Ada</a>")).unwrap();
        assert_eq!(message.body, "<a href=x>Ada</a>");
        let html = message.html.unwrap();
        assert!(!html.contains('<') && html.contains("&lt;a"), "{html}");
    }

    #[test]
    fn a_line_break_in_a_name_begins_no_header() {
        let message =
            template("Hi {{ first_name }}").render(&named("Ada\r\nBcc: eve@example.org")).unwrap();
        assert_eq!(message.subject, "Hi Ada Bcc: eve@example.org");
    }

    proptest! {
        #[test]
        fn a_name_is_text_and_never_a_template(name in "\\PC*") {
            let message = template("Dear {{ first_name }}").render(&named(&name)).unwrap();
            prop_assert_eq!(message.body, format!("Dear {name}"));
            prop_assert!(!message.html.unwrap().contains('<'));
        }
    }
}
