//! The report of a run: one model, written as JSON, JUnit and HTML, which therefore agree.

pub mod compare;
mod folder;
mod html;
mod junit;
pub mod model;
pub mod terminal;

pub use folder::{Folder, read};
pub use html::html;
pub use junit::junit;
pub use model::Report;
