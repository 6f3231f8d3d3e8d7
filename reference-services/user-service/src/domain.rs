//! What is a valid user and what a session allows, decided without asking anybody.

mod address;
mod changes;
mod email;
mod line;
mod password;
mod picture;
mod profile;
mod registration;
mod role;
pub(crate) mod session;

pub(crate) use address::{Address, AddressForm};
pub(crate) use changes::{Change, Checks};
pub(crate) use email::Email;
pub(crate) use line::Name;
pub(crate) use password::Password;
pub(crate) use picture::Picture;
pub(crate) use profile::{Bio, Profile, ProfileChanges};
pub(crate) use registration::Registration;
pub(crate) use role::Role;
