//! Container images: from a recipe to an entry in containerd, under the official name, without a registry.

pub mod archive;
pub mod layer;
pub mod make;
pub mod recipe;
pub mod rootfs;
pub mod source;
pub mod store;
