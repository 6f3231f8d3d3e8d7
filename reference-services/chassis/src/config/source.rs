//! Where variables come from.

use std::{collections::HashMap, hash::BuildHasher};

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

impl<S: BuildHasher + Send + Sync> Source for HashMap<String, String, S> {
    fn get(&self, key: &str) -> Option<String> {
        self.get(key).cloned()
    }
}
