//! Public keys as a JWKS document shows them.

use std::collections::HashMap;

use jsonwebtoken::DecodingKey;
pub use jsonwebtoken::jwk::{Jwk, JwkSet};

/// Keys by their id.
pub(super) type Keys = HashMap<String, DecodingKey>;

/// The usable keys of a set: those with an id. Others are skipped, a newer issuer may publish kinds we do not know.
pub(super) fn usable(set: &JwkSet) -> Keys {
    let key = |jwk: &Jwk| Some((jwk.common.key_id.clone()?, DecodingKey::from_jwk(jwk).ok()?));
    set.keys.iter().filter_map(key).collect()
}
