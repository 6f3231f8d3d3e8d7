//! Statements that were logged once, as a script that pgbench repeats: what differs from one time to the next is made anew.

use std::{
    collections::{BTreeMap, btree_map::Entry},
    fmt::Write as _,
};

use uuid::Uuid;

use super::statements::Statement;

/// What begins the ids that a script makes: later than any id of today, as new ids are, and easy to find.
pub const FRESH: &str = "01ff";
/// Digits of an id that tell one time from the other.
const DIGITS: usize = 24;
/// Length of an id as text; other spellings of ids are not ids to us.
const ID_LENGTH: usize = 36;

/// What stands for values of the logged statements.
#[derive(Debug, Clone, Default)]
pub struct Stand {
    /// For ids: an expression of text each. Ids that are not named here are made anew each time.
    pub ids: BTreeMap<Uuid, String>,
    /// For texts: an expression of text each.
    pub texts: BTreeMap<String, String>,
}

/// Counts the times a client has run the script, in pgbench's words. The clients together make each number once.
#[must_use]
pub fn turn() -> String {
    "((:round)::bigint * 10000000000 + (:n)::bigint * 100 + (:client_id)::bigint)".to_owned()
}

/// One of several values, so that each client has its own: as an expression of text.
#[must_use]
pub fn one_of(values: &[String], clients: usize) -> String {
    let each = (values.len() / clients).max(1);
    let list: Vec<_> = values.iter().map(|value| format!("'{value}'")).collect();
    let index = format!("(:client_id)::int * {each} + ((:n)::int % {each}) + 1");
    format!("(array[{}])[{index}]", list.join(", "))
}

/// The script. Run it with `-D n=0 -D round=<a number of its own for each run>`.
#[must_use]
pub fn of(statements: &[Statement], stand: &Stand) -> String {
    let mut made = stand.ids.clone();
    let mut script = "\\set n :n + 1\n".to_owned();
    for statement in statements {
        let values: Vec<_> = statement
            .parameters
            .iter()
            .map(|value| expression(value.as_deref(), &stand.texts, &mut made))
            .collect();
        // Writing to text cannot fail.
        let _infallible = writeln!(script, "{};", filled(&statement.text, &values));
    }
    script
}

/// The text with expressions in place of `$1` and so on.
fn filled(text: &str, values: &[String]) -> String {
    let mut parts = text.split('$');
    let mut filled = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let digits = part.bytes().take_while(u8::is_ascii_digit).count();
        let (number, rest) = part.split_at(digits);
        let value = number.parse::<usize>().ok().and_then(|at| values.get(at.checked_sub(1)?));
        if let Some(value) = value {
            filled.push_str(value);
        } else {
            filled.push('$');
            filled.push_str(number);
        }
        filled.push_str(rest);
    }
    filled
}

fn expression(
    value: Option<&str>,
    texts: &BTreeMap<String, String>,
    made: &mut BTreeMap<Uuid, String>,
) -> String {
    let Some(value) = value else { return "NULL".to_owned() };
    if let Some(text) = texts.get(value) {
        return format!("({text})");
    }
    if let Some(id) = id(value) {
        return format!("({})::uuid", expression_of(id, made));
    }
    if let Some(ids) = list_of_ids(value) {
        let parts: Vec<_> = ids.into_iter().map(|id| expression_of(id, made)).collect();
        return format!("('{{' || {} || '}}')::uuid[]", parts.join(" || ',' || "));
    }
    literal(value)
}

fn expression_of(id: Uuid, made: &mut BTreeMap<Uuid, String>) -> String {
    let kind = made.len();
    match made.entry(id) {
        Entry::Occupied(known) => known.get().clone(),
        Entry::Vacant(new) => new.insert(fresh(kind)).clone(),
    }
}

/// A new id each time. Those of one kind are in order, as those of services are.
fn fresh(kind: usize) -> String {
    format!("('{FRESH}{kind:04x}' || lpad(to_hex({}), {DIGITS}, '0'))", turn())
}

fn id(text: &str) -> Option<Uuid> {
    (text.len() == ID_LENGTH).then(|| Uuid::parse_str(text).ok()).flatten()
}

fn list_of_ids(text: &str) -> Option<Vec<Uuid>> {
    text.strip_prefix('{')?.strip_suffix('}')?.split(',').map(id).collect()
}

/// A text that pgbench sees no variable in: those begin with a colon.
fn literal(value: &str) -> String {
    let mut text = "E'".to_owned();
    for letter in value.chars() {
        match letter {
            '\\' => text.push_str("\\\\"),
            '\'' => text.push_str("''"),
            ':' => text.push_str("\\u003a"),
            '\n' => text.push_str("\\n"),
            other => text.push(other),
        }
    }
    text + "'"
}

#[cfg(test)]
mod tests {
    use super::*;

    const ORDER: &str = "0190a0de-0000-7000-8000-000000000001";
    const CUSTOMER: &str = "0190a0de-0000-7000-8000-000000000002";

    fn statement(text: &str, parameters: &[Option<&str>]) -> Statement {
        Statement {
            application: "order-service".to_owned(),
            session: "1".to_owned(),
            text: text.to_owned(),
            parameters: parameters.iter().map(|value| value.map(str::to_owned)).collect(),
        }
    }

    fn stand() -> Stand {
        Stand {
            ids: BTreeMap::from([(CUSTOMER.parse().unwrap(), "'c'".to_owned())]),
            texts: BTreeMap::from([("key".to_owned(), "'key-' || :n".to_owned())]),
        }
    }

    #[test]
    fn what_is_known_stands_and_other_ids_are_made_anew_but_stay_the_same_within_a_turn() {
        let one = statement("a $1, $2, $3", &[Some(ORDER), Some(CUSTOMER), Some("key")]);
        let list = format!("{{{ORDER}}}");
        let two = statement("b $1 $10", &[Some(&list)]);
        let script = of(&[one, two], &stand());
        let fresh = fresh(1);
        let expected = format!(
            "\\set n :n + 1\na ({fresh})::uuid, ('c')::uuid, ('key-' || :n);\nb ('{{' || {fresh} || '}}')::uuid[] $10;\n"
        );
        assert_eq!(script, expected);
    }

    #[test]
    fn other_values_are_texts_without_variables() {
        let script =
            of(&[statement("c $1, $2", &[Some(r#"{"a":null,"b":"\'"}"#), None])], &stand());
        assert!(script.contains(r#"c E'{"a"\u003anull,"b"\u003a"\\''"}', NULL;"#), "{script}");
    }
}
