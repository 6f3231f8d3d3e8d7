//! What is said about a panic: where it was, and its text only if that is a literal. A text that was put together may hold anything.

use std::{any::Any, panic::PanicHookInfo};

/// The text of a panic that may be logged.
pub(crate) fn text(payload: &(dyn Any + Send)) -> &'static str {
    payload.downcast_ref::<&'static str>().copied().unwrap_or("its text is left out")
}

/// Lets panics be logged as everything else is, without values; the usual hook prints them as they are.
pub fn quiet_panics() {
    std::panic::set_hook(Box::new(log));
}

fn log(panic: &PanicHookInfo<'_>) {
    let location = panic.location().map(ToString::to_string);
    let text = panic.payload().downcast_ref::<&'static str>().copied();
    tracing::error!(location, text, "panicked");
}
