//! Where variables come from.

use std::collections::HashMap;

/// Answers the value of a variable, if it is set.
pub trait Source: Send + Sync {
    /// The variable's value.
    fn get(&self, key: &str) -> Option<String>;
}

/// The environment of the process.
pub struct Environment;

impl Source for Environment {
    fn get(&self, key: &str) -> Option<String> {
        std::env::var(key).ok()
    }
}

impl Source for HashMap<String, String> {
    fn get(&self, key: &str) -> Option<String> {
        self.get(key).cloned()
    }
}
