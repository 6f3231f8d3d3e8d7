//! What is a valid user, decided without asking anybody.

mod email;
mod name;
mod password;
mod registration;

pub(crate) use email::Email;
pub(crate) use name::Name;
pub(crate) use password::Password;
pub(crate) use registration::Registration;
