//! A real one-node Kubernetes on a Linux machine without a Docker engine and without an image registry.
//!
//! The upstream programs are built from their Go modules, the images are assembled from Debian packages and those programs,
//! and both are cached by version outside the repository. Everything the node makes on the machine carries the name `ecotrack`
//! or lies below one state folder, so that it can be told from what belongs to somebody else.

pub mod cli;
pub mod command;
pub mod compile;
pub mod component;
pub mod doctor;
pub mod files;
pub mod image;
pub mod layout;
pub mod lock;
pub mod node;
pub mod pause;
pub mod platform;
pub mod progress;
pub mod up;
pub mod verbs;
