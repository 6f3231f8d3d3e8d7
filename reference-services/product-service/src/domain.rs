//! What is valid and what follows, decided without asking anybody.

mod category;
mod check;
mod image;
mod product;
mod product_change;
mod reservation;
mod search;
mod sort;
mod sustainability;
mod version;
pub(crate) mod whole;

pub(crate) use category::{Category, CategoryChange, MoveError, NewCategory, Parents, Place, tree};
pub(crate) use image::{Image, Images};
pub(crate) use product::{NewProduct, Product, ProductDraft, Suggestion};
pub(crate) use product_change::{ChangeDraft, ProductChange};
pub(crate) use reservation::{Granted, Line, Offer, Refusal, Wish, grant};
pub(crate) use search::{Search, SearchDraft};
pub(crate) use sort::{Key, Sort};
pub(crate) use sustainability::{Score, Sustainability};
pub(crate) use version::Version;
