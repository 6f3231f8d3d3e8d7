//! What is valid and what follows, decided without asking anybody.

mod filter;
mod product;
mod reservation;

pub(crate) use filter::{Cursor, Filter};
pub(crate) use product::{Category, Image, NewProduct, Product, ProductDraft, tree};
pub(crate) use reservation::{Granted, Line, Offer, Refusal, Wish, grant};
