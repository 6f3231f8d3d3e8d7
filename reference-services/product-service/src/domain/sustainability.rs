//! How sustainable a product is: five parts of its life, weighed.

use ecotrack_chassis::error::Violation;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::whole;

/// The best score, of a part and of the whole.
const BEST: i16 = 100;
/// What the weights below add up to.
const WHOLE: i32 = 100;

/// The score's parts, each 0 to 100, more is better.
///
/// `score = (30 materials + 25 production + 20 end_of_life + 15 transport + 10 packaging) / 100`, halves rounded up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(examples(json!({"materials": 90, "production": 80, "end_of_life": 100, "transport": 60, "packaging": 70})))]
pub(crate) struct Sustainability {
    /// What it is made of: renewable, recycled, without harm. Weighs 30.
    #[serde(deserialize_with = "whole::number")]
    #[schema(minimum = 0, maximum = 100)]
    pub(crate) materials: i16,
    /// How it is made: energy, water, working conditions. Weighs 25.
    #[serde(deserialize_with = "whole::number")]
    #[schema(minimum = 0, maximum = 100)]
    pub(crate) production: i16,
    /// What becomes of it: repaired, composted, recycled. Weighs 20.
    #[serde(deserialize_with = "whole::number")]
    #[schema(minimum = 0, maximum = 100)]
    pub(crate) end_of_life: i16,
    /// How far and by what it travels. Weighs 15.
    #[serde(deserialize_with = "whole::number")]
    #[schema(minimum = 0, maximum = 100)]
    pub(crate) transport: i16,
    /// What it is wrapped in. Weighs 10.
    #[serde(deserialize_with = "whole::number")]
    #[schema(minimum = 0, maximum = 100)]
    pub(crate) packaging: i16,
}

impl Sustainability {
    /// Each part with its name and its weight. The weights add up to 100.
    const fn parts(&self) -> [(&'static str, i16, i32); 5] {
        [
            ("materials", self.materials, 30),
            ("production", self.production, 25),
            ("end_of_life", self.end_of_life, 20),
            ("transport", self.transport, 15),
            ("packaging", self.packaging, 10),
        ]
    }
}

/// A score of 0 to 100 and, where they are known, the parts it was made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Score {
    value: i16,
    parts: Option<Sustainability>,
}

impl Score {
    /// Reads a score: exactly one of the number alone and its parts.
    pub(crate) fn parse(
        value: Option<i16>,
        parts: Option<Sustainability>,
    ) -> Result<Self, Vec<Violation>> {
        match (value, parts) {
            (Some(value), None) if (0..=BEST).contains(&value) => Ok(Self { value, parts: None }),
            (Some(_), None) => {
                Err(vec![Violation::new("/sustainability_score", format!("0 to {BEST}"))])
            }
            (None, Some(parts)) => Self::of(parts),
            _ => {
                let detail = "either the score alone or its parts";
                Err(vec![Violation::new("/sustainability", detail)])
            }
        }
    }

    /// The score that parts make.
    fn of(parts: Sustainability) -> Result<Self, Vec<Violation>> {
        let wrong = parts.parts().into_iter().filter(|(_, part, _)| !(0..=BEST).contains(part));
        let violations: Vec<_> = wrong
            .map(|(name, ..)| {
                Violation::new(format!("/sustainability/{name}"), format!("0 to {BEST}"))
            })
            .collect();
        if !violations.is_empty() {
            return Err(violations);
        }
        let sum: i32 =
            parts.parts().iter().map(|(_, part, weight)| i32::from(*part) * weight).sum();
        // Between 0 and BEST, as the weights add up to the whole.
        let value = i16::try_from((sum + WHOLE / 2) / WHOLE).unwrap_or(BEST);
        Ok(Self { value, parts: Some(parts) })
    }

    pub(crate) const fn value(self) -> i16 {
        self.value
    }

    pub(crate) const fn parts(self) -> Option<Sustainability> {
        self.parts
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn parts(values: [i16; 5]) -> Sustainability {
        let [materials, production, end_of_life, transport, packaging] = values;
        Sustainability { materials, production, end_of_life, transport, packaging }
    }

    #[test]
    fn the_formula_is_the_documented_one() {
        let score = Score::parse(None, Some(parts([90, 80, 100, 60, 70]))).unwrap();
        // (2700 + 2000 + 2000 + 900 + 700) / 100
        assert_eq!(score.value(), 83);
        assert_eq!(Score::parse(None, Some(parts([0, 2, 0, 0, 0]))).unwrap().value(), 1);
    }

    #[test]
    fn a_score_is_given_alone_or_by_its_parts_but_not_both_and_not_neither() {
        assert!(Score::parse(Some(70), None).is_ok());
        assert!(Score::parse(Some(70), Some(parts([1; 5]))).is_err());
        assert!(Score::parse(None, None).is_err());
        assert!(Score::parse(Some(101), None).is_err());
    }

    #[test]
    fn every_part_out_of_range_is_named() {
        let violations = Score::parse(None, Some(parts([-1, 101, 50, 50, 50]))).unwrap_err();
        assert_eq!(violations.len(), 2);
    }

    proptest! {
        #[test]
        fn a_score_lies_between_its_worst_and_its_best_part(values in prop::array::uniform5(0..=100_i16)) {
            let score = Score::parse(None, Some(parts(values))).unwrap().value();
            prop_assert!(score >= *values.iter().min().unwrap());
            prop_assert!(score <= *values.iter().max().unwrap());
        }

        #[test]
        fn a_better_part_never_makes_a_worse_score(values in prop::array::uniform5(0..100_i16), which in 0..5_usize) {
            let mut better = values;
            better[which] += 1;
            let score = |values| Score::parse(None, Some(parts(values))).unwrap().value();
            prop_assert!(score(better) >= score(values));
        }
    }
}
