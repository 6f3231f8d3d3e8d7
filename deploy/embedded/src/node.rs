//! The node: its programs, its network, its life.

pub mod boot;
pub mod cgroup;
pub mod config;
pub mod dns;
pub mod leftovers;
pub mod network;
pub mod outside;
pub mod pki;
pub mod process;
pub mod programs;
pub mod ready;
pub mod settings;
pub mod started;
pub mod sysctl;
