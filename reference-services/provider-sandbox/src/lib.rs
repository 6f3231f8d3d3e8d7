//! provider-sandbox.
