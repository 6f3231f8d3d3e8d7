//! The steps, one file per concept of the domain. A step parses, asks, checks and keeps the evidence; what it asks with is in the library.

mod alert;
mod asking;
mod business;
mod credentials;
mod customer;
mod dashboard;
mod event;
mod falco;
mod gateway;
mod health;
mod list;
mod log;
mod mesh;
mod metric;
mod notification;
mod order;
mod payment;
mod problem;
mod product;
mod redis;
mod secret;
mod sidecar;
mod trace;
