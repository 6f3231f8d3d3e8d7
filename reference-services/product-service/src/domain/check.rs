//! Checks that several types share. Each says what is wrong, or nothing.

use ecotrack_chassis::error::Violation;

/// Longest name, in characters.
const MAX_NAME: usize = 200;
/// Longest description, in characters.
const MAX_DESCRIPTION: usize = 5000;

/// A name is shown in one line: no control characters, and not only blanks.
pub(super) fn name(text: &str) -> Option<String> {
    if text.chars().any(char::is_control) {
        return Some("no control characters".to_owned());
    }
    length(text.trim(), 1, MAX_NAME)
}

pub(super) fn description(text: &str) -> Option<String> {
    length(text, 0, MAX_DESCRIPTION)
}

pub(super) fn length(text: &str, least: usize, most: usize) -> Option<String> {
    let length = text.chars().count();
    (!(least..=most).contains(&length)).then(|| format!("{least} to {most} characters"))
}

pub(super) fn range(value: i32, least: i32, most: i32) -> Option<String> {
    (!(least..=most).contains(&value)).then(|| format!("{least} to {most}"))
}

/// The violations among some checks, each with the pointer of what it is about.
pub(super) fn violations<const N: usize>(
    checks: [(&'static str, Option<String>); N],
) -> Vec<Violation> {
    checks
        .into_iter()
        .filter_map(|(pointer, detail)| Some(Violation::new(pointer, detail?)))
        .collect()
}
