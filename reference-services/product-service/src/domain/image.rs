//! Pictures of a product: addresses that browsers fetch, and that nobody can point at what is not public. We never fetch them.

use ecotrack_chassis::{error::Violation, public_url};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::check;

/// Pictures of one product at most.
const MAX_IMAGES: usize = 10;
/// Longest text, in characters.
const MAX_ALT_TEXT: usize = 300;
/// A picture of a product.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Image {
    /// An `https` address on a public host name.
    #[schema(
        format = "uri",
        pattern = "^https://",
        max_length = 2048,
        example = "https://img.example.com/cup.webp"
    )]
    pub(crate) image_url: String,
    /// What it shows, for those who do not see it.
    #[schema(
        min_length = 1,
        max_length = 300,
        pattern = r"^(?![\s\x85]*$)[^\x00]*$",
        example = "A cup"
    )]
    pub(crate) alt_text: String,
}

/// The valid pictures of one product, the first one first.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Images(Vec<Image>);

impl Images {
    /// Names everything that is wrong, not only the first.
    pub(crate) fn parse(images: Vec<Image>) -> Result<Self, Vec<Violation>> {
        let mut violations = Vec::new();
        if images.len() > MAX_IMAGES {
            violations.push(Violation::new("/images", format!("at most {MAX_IMAGES}")));
        }
        for (index, image) in images.iter().enumerate() {
            let mut violated = |field, detail| {
                violations.push(Violation::new(format!("/images/{index}/{field}"), detail));
            };
            if let Err(detail) = public_url::check(&image.image_url) {
                violated("image_url", detail.to_owned());
            }
            if let Some(detail) = check::length(image.alt_text.trim(), 1, MAX_ALT_TEXT) {
                violated("alt_text", detail);
            }
        }
        if violations.is_empty() { Ok(Self(images)) } else { Err(violations) }
    }

    pub(crate) fn as_slice(&self) -> &[Image] {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn image(image_url: &str, alt_text: &str) -> Image {
        Image { image_url: image_url.to_owned(), alt_text: alt_text.to_owned() }
    }

    #[test]
    fn pictures_are_public_need_a_text_and_have_an_end() {
        let public = "https://img.example.com/x";
        assert!(Images::parse(vec![image("https://169.254.169.254/x", "a")]).is_err());
        assert!(Images::parse(vec![image(public, " ")]).is_err());
        assert!(Images::parse(vec![image(public, "a"); MAX_IMAGES]).is_ok());
        assert!(Images::parse(vec![image(public, "a"); MAX_IMAGES + 1]).is_err());
    }
}
