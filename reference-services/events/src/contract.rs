//! What the events promise, held to the files other teams read: schemas, what consumers expect, and how a version may grow.

mod compatibility;
mod expectations;
mod files;
mod schemas;
