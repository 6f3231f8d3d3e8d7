//! Matching by example.

use anyhow::{Context as _, bail, ensure};
use chrono::DateTime;
use serde_json::Value;
use uuid::Uuid;

use super::Variables;
use crate::error::code_of;

/// Fails unless `actual` is like the example. The error names the place by its JSON pointer.
pub fn assert_like(example: &Value, actual: &Value, variables: &Variables) -> anyhow::Result<()> {
    like(example, actual, variables, &mut String::new())
}

fn like(
    example: &Value,
    actual: &Value,
    variables: &Variables,
    at: &mut String,
) -> anyhow::Result<()> {
    match (example, actual) {
        // An example that shows nothing says only that the field is there.
        (Value::Null, _) | (Value::Bool(_), Value::Bool(_)) => Ok(()),
        (Value::Object(fields), Value::Object(found)) => {
            fields.iter().try_for_each(|(name, field)| {
                let value = found.get(name).with_context(|| format!("`{at}/{name}` is missing"))?;
                inside(at, name, |at| like(field, value, variables, at))
            })
        }
        (Value::Array(examples), Value::Array(found)) => {
            let Some(example) = examples.first() else { return Ok(()) };
            ensure!(!found.is_empty(), "`{at}` is empty");
            found.iter().enumerate().try_for_each(|(index, value)| {
                inside(at, &index.to_string(), |at| like(example, value, variables, at))
            })
        }
        (Value::String(example), Value::String(found)) => text(example, found, variables, at),
        (Value::Number(example), Value::Number(found)) => {
            ensure!(example.is_f64() || !found.is_f64(), "`{at}` is {found}, not an integer");
            Ok(())
        }
        _ => bail!("`{at}` is {actual}, not like {example}"),
    }
}

fn inside<T>(at: &mut String, name: &str, look: impl FnOnce(&mut String) -> T) -> T {
    let length = at.len();
    at.push('/');
    at.push_str(name);
    let outcome = look(at);
    at.truncate(length);
    outcome
}

fn text(example: &str, found: &str, variables: &Variables, at: &str) -> anyhow::Result<()> {
    if example.contains("${") {
        let expected = variables.fill(example)?;
        ensure!(found == expected, "`{at}` is {found:?}, not {expected:?}");
        return Ok(());
    }
    // Whoever reads what kind of problem it is decides by it.
    ensure!(code_of(example).is_none() || found == example, "`{at}` is {found:?}, not {example:?}");
    let kinds: [Kind; 3] = [
        ("a UUID", |text| Uuid::parse_str(text).is_ok()),
        ("a time", |text| DateTime::parse_from_rfc3339(text).is_ok()),
        ("a decimal", is_decimal),
    ];
    for (kind, is_one) in kinds {
        ensure!(!is_one(example) || is_one(found), "`{at}` is {found:?}, not {kind}");
    }
    Ok(())
}

/// A kind of text, and whether a text is of it.
type Kind = (&'static str, fn(&str) -> bool);

fn is_decimal(text: &str) -> bool {
    text.contains('.') && text.parse::<f64>().is_ok()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn said(example: &Value, actual: &Value) -> String {
        let variables = Variables::new([("id", "7".to_owned())]);
        assert_like(example, actual, &variables)
            .map_or_else(|error| error.to_string(), |()| String::new())
    }

    #[test]
    fn more_than_expected_is_fine_and_less_is_not() {
        assert_eq!(said(&json!({"a": 1}), &json!({"a": 2, "b": 3})), "");
        assert_eq!(said(&json!({"a": {"b": 1}}), &json!({"a": {}})), "`/a/b` is missing");
    }

    #[test]
    fn a_value_of_another_kind_is_named() {
        let id = "0190b3a6-0000-7000-8000-000000000000";
        assert_eq!(said(&json!({"a": id}), &json!({"a": "x"})), "`/a` is \"x\", not a UUID");
        assert_eq!(said(&json!([1]), &json!([1, "x"])), "`/1` is \"x\", not like 1");
        assert_eq!(said(&json!("1.00"), &json!("many")), "`` is \"many\", not a decimal");
        assert_eq!(said(&json!(1), &json!(1.5)), "`` is 1.5, not an integer");
        assert_eq!(said(&json!([1]), &json!([])), "`` is empty");
    }

    #[test]
    fn a_problem_must_be_the_very_same() {
        let kind = |code: &str| json!(format!("https://api.ecotrack.platform.dev/problems/{code}"));
        assert_eq!(said(&kind("sold-out"), &kind("sold-out")), "");
        assert!(said(&kind("sold-out"), &kind("not-found")).contains("not-found"));
        assert!(said(&kind("sold-out"), &json!("about:blank")).contains("about:blank"));
    }

    #[test]
    fn a_known_value_must_be_equal() {
        assert_eq!(said(&json!("/a/${id}"), &json!("/a/7")), "");
        assert_eq!(said(&json!("${id}"), &json!("8")), "`` is \"8\", not \"7\"");
        assert!(said(&json!("${other}"), &json!("8")).contains("other"));
    }
}
