//! How preferences are described: by hand, as a derived description cannot say that text messages need a number.

use serde_json::json;
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{AdditionalProperties, ObjectBuilder, OneOfBuilder, Schema, Type};
use utoipa::{PartialSchema, ToSchema};

use super::PreferencesDocument;

/// What can be told, and what that is.
const CATEGORIES: [(&str, &str); 4] = [
    ("account", "The account itself"),
    ("orders", "What becomes of orders"),
    ("payments", "What becomes of payments"),
    ("security", "What may be somebody else's doing"),
];
/// A number in E.164 form.
const NUMBER: &str = r"^\+[1-9][0-9]{6,14}$";

impl ToSchema for PreferencesDocument {}

impl PartialSchema for PreferencesDocument {
    fn schema() -> RefOr<Schema> {
        let number = ObjectBuilder::new()
            .schema_type(Type::String)
            .pattern(Some(NUMBER))
            .description(Some("Where text messages go, in E.164 form; needed for any of them"))
            .examples([json!("+4915112345678")]);
        let no_number = ObjectBuilder::new().schema_type(Type::Null);
        let reachable = document(number, switches(|_| None)).required("phone");
        let by_mail_only = document(no_number, switches(|_| Some(false)));
        OneOfBuilder::new()
            .item(reachable)
            .item(by_mail_only)
            .description(Some("What a user wants to be told, and how"))
            .into()
    }
}

fn document(phone: ObjectBuilder, sms: ObjectBuilder) -> ObjectBuilder {
    // Mails about security cannot be switched off.
    let email = switches(|category| (category == "security").then_some(true));
    closed()
        .property("phone", phone)
        .property("email", email.description(Some("What is told by e-mail")))
        .property("sms", sms.description(Some("What is told by text message")))
        .required("email")
        .required("sms")
}

/// One switch for each category; some are fixed.
fn switches(fixed: impl Fn(&str) -> Option<bool>) -> ObjectBuilder {
    CATEGORIES.iter().fold(closed(), |switches, (category, description)| {
        let switch = switch(fixed(category)).description(Some(*description));
        switches.property(*category, switch).required(*category)
    })
}

fn switch(fixed: Option<bool>) -> ObjectBuilder {
    let switch = ObjectBuilder::new().schema_type(Type::Boolean);
    match fixed {
        Some(value) => switch.enum_values(Some([value])),
        None => switch,
    }
}

fn closed() -> ObjectBuilder {
    let nothing_else = AdditionalProperties::FreeForm(false);
    ObjectBuilder::new().additional_properties(Some(nothing_else))
}
