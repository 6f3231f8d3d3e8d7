//! Categories: a tree, and a tree it stays.

use std::collections::HashMap;

use ecotrack_chassis::error::Violation;
use serde::{Deserialize, Deserializer, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::check;

/// Longest slug, in characters.
const MAX_SLUG: usize = 60;
/// Categories above each other at most.
const MAX_DEPTH: usize = 8;
/// Categories at most: the whole tree is read at once.
const MAX_CATEGORIES: usize = 1000;

/// A category and those below it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub(crate) struct Category {
    #[serde(rename = "category_id")]
    pub(crate) id: Uuid,
    /// What the `category` filter takes.
    #[schema(example = "kitchen")]
    pub(crate) slug: String,
    #[schema(example = "Kitchen")]
    pub(crate) name: String,
    pub(crate) description: String,
    #[schema(no_recursion)]
    pub(crate) children: Vec<Category>,
}

impl Category {
    /// This category or one below it.
    pub(crate) fn find(&self, id: Uuid) -> Option<&Self> {
        if self.id == id {
            Some(self)
        } else {
            self.children.iter().find_map(|child| child.find(id))
        }
    }
}

/// A valid new category.
#[derive(Debug)]
pub(crate) struct NewCategory {
    pub(crate) slug: String,
    pub(crate) name: String,
    pub(crate) description: String,
    pub(crate) parent_id: Option<Uuid>,
}

impl NewCategory {
    /// Names everything that is wrong, not only the first.
    pub(crate) fn parse(
        slug: String,
        name: &str,
        description: String,
        parent_id: Option<Uuid>,
    ) -> Result<Self, Vec<Violation>> {
        let violations = check::violations([
            ("/slug", check_slug(&slug)),
            ("/name", check::name(name)),
            ("/description", check::description(&description)),
        ]);
        if violations.is_empty() {
            Ok(Self { slug, name: name.trim().to_owned(), description, parent_id })
        } else {
            Err(violations)
        }
    }
}

fn check_slug(slug: &str) -> Option<String> {
    let is_word = |word: &str| {
        !word.is_empty()
            && word.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
    };
    let is_slug = slug.len() <= MAX_SLUG && slug.split('-').all(is_word);
    (!is_slug)
        .then(|| format!("words of a-z and 0-9 with - between, at most {MAX_SLUG} characters"))
}

/// A valid change of a category. What is absent stays; its slug always does, as addresses hold it.
#[derive(Debug)]
pub(crate) struct CategoryChange {
    pub(crate) name: Option<String>,
    pub(crate) description: Option<String>,
    pub(crate) place: Place,
}

impl CategoryChange {
    /// Names everything that is wrong, not only the first.
    pub(crate) fn parse(
        name: Option<&str>,
        description: Option<String>,
        place: Place,
    ) -> Result<Self, Vec<Violation>> {
        let violations = check::violations([
            ("/name", name.and_then(check::name)),
            ("/description", description.as_deref().and_then(check::description)),
        ]);
        if violations.is_empty() {
            let name = name.map(|name| name.trim().to_owned());
            Ok(Self { name, description, place })
        } else {
            Err(violations)
        }
    }
}

/// Where a category is to stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Place {
    /// Where it stands.
    #[default]
    Same,
    /// Below another one or, below none, as a root.
    Below(Option<Uuid>),
}

/// Absent it is the same; null is below none.
impl<'de> Deserialize<'de> for Place {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Option::deserialize(deserializer).map(Self::Below)
    }
}

/// Why a category cannot stand where it was wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum MoveError {
    /// There is no such parent.
    #[error("the parent does not exist")]
    UnknownParent,
    /// It would be its own ancestor.
    #[error("a category cannot stand below itself")]
    Loop,
    /// The tree would be too deep.
    #[error("at most {MAX_DEPTH} categories above each other")]
    TooDeep,
    /// There are as many as there may be.
    #[error("at most {MAX_CATEGORIES} categories")]
    TooMany,
}

/// Each category's parent: the shape of the tree.
#[derive(Debug, Clone, Default)]
pub(crate) struct Parents(HashMap<Uuid, Option<Uuid>>);

impl Parents {
    pub(crate) fn contains(&self, id: Uuid) -> bool {
        self.0.contains_key(&id)
    }

    /// Whether one more category may stand below a parent.
    pub(crate) fn may_add(&self, parent: Option<Uuid>) -> Result<(), MoveError> {
        if self.0.len() >= MAX_CATEGORIES {
            return Err(MoveError::TooMany);
        }
        fits(self.line_of(parent)?.len() + 1)
    }

    /// Whether a category, with all below it, may stand below another parent.
    pub(crate) fn may_move(&self, id: Uuid, parent: Option<Uuid>) -> Result<(), MoveError> {
        let line = self.line_of(parent)?;
        if line.contains(&id) {
            return Err(MoveError::Loop);
        }
        fits(line.len() + self.height(id))
    }

    /// A category and its ancestors, up to the root.
    fn line_of(&self, id: Option<Uuid>) -> Result<Vec<Uuid>, MoveError> {
        let (mut line, mut next) = (Vec::new(), id);
        while let Some(id) = next {
            line.push(id);
            next = *self.0.get(&id).ok_or(MoveError::UnknownParent)?;
            if line.len() > self.0.len() {
                return Err(MoveError::Loop);
            }
        }
        Ok(line)
    }

    /// Levels of a category with all below it.
    fn height(&self, id: Uuid) -> usize {
        let below = self.0.iter().filter(|(_, parent)| **parent == Some(id));
        1 + below.map(|(child, _)| self.height(*child)).max().unwrap_or_default()
    }
}

fn fits(depth: usize) -> Result<(), MoveError> {
    if depth > MAX_DEPTH { Err(MoveError::TooDeep) } else { Ok(()) }
}

impl FromIterator<(Uuid, Option<Uuid>)> for Parents {
    fn from_iter<I: IntoIterator<Item = (Uuid, Option<Uuid>)>>(rows: I) -> Self {
        Self(rows.into_iter().collect())
    }
}

/// Arranges categories, each with its parent, as a tree. Their order stays.
pub(crate) fn tree(rows: Vec<(Option<Uuid>, Category)>) -> Vec<Category> {
    let mut by_parent: HashMap<Option<Uuid>, Vec<Category>> = HashMap::new();
    for (parent, category) in rows {
        by_parent.entry(parent).or_default().push(category);
    }
    children(None, &mut by_parent)
}

fn children(
    parent: Option<Uuid>,
    by_parent: &mut HashMap<Option<Uuid>, Vec<Category>>,
) -> Vec<Category> {
    // Taking the rows out ends the recursion even where the table held a circle.
    let found = by_parent.remove(&parent).unwrap_or_default();
    let with_children = |mut category: Category| {
        category.children = children(Some(category.id), by_parent);
        category
    };
    found.into_iter().map(with_children).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn category(slug: &str) -> Category {
        let text = slug.to_owned();
        Category {
            id: Uuid::now_v7(),
            slug: text.clone(),
            name: text,
            description: String::new(),
            children: vec![],
        }
    }

    fn count(tree: &[Category]) -> usize {
        tree.iter().map(|category| 1 + count(&category.children)).sum()
    }

    #[test]
    fn categories_stand_below_their_parent() {
        let (home, kitchen, garden) = (category("home"), category("kitchen"), category("garden"));
        let home_id = home.id;
        let tree = tree(vec![(None, home), (Some(home_id), kitchen.clone()), (None, garden)]);
        let roots: Vec<_> = tree.iter().map(|category| category.slug.as_str()).collect();
        assert_eq!(roots, ["home", "garden"]);
        assert_eq!(tree[0].children, std::slice::from_ref(&kitchen));
        assert_eq!(tree[0].find(kitchen.id), Some(&kitchen));
    }

    #[test]
    fn slugs_are_words_with_dashes_between() {
        for slug in ["a", "kitchen", "home-and-garden", "7-up"] {
            assert_eq!(check_slug(slug), None, "{slug}");
        }
        for slug in ["", "-", "a-", "-a", "a--b", "A", "a b", "ä", "a/b", &"a".repeat(61)] {
            assert!(check_slug(slug).is_some(), "{slug}");
        }
    }

    #[test]
    fn a_category_cannot_stand_below_itself_nor_below_nobody() {
        let ids: Vec<_> = (0..3).map(|_| Uuid::now_v7()).collect();
        let parents: Parents =
            [(ids[0], None), (ids[1], Some(ids[0])), (ids[2], Some(ids[1]))].into_iter().collect();
        for below in &ids {
            assert_eq!(parents.may_move(ids[0], Some(*below)), Err(MoveError::Loop));
        }
        assert_eq!(parents.may_move(ids[2], Some(ids[0])), Ok(()));
        assert_eq!(parents.may_move(ids[2], None), Ok(()));
        assert_eq!(parents.may_add(Some(Uuid::now_v7())), Err(MoveError::UnknownParent));
    }

    proptest! {
        #[test]
        fn whatever_moves_are_allowed_a_tree_it_stays(
            moves in prop::collection::vec((0..12_usize, prop::option::of(0..12_usize)), 0..60),
        ) {
            let categories: Vec<_> = (0..12).map(|_| category("x")).collect();
            let id = |index: usize| categories[index].id;
            let mut parents: HashMap<_, _> = (0..12).map(|index| (id(index), None)).collect();
            for (moved, parent) in moves {
                let parent = parent.map(id);
                if Parents(parents.clone()).may_move(id(moved), parent).is_ok() {
                    parents.insert(id(moved), parent);
                }
            }
            let rows = categories.iter().map(|category| (parents[&category.id], category.clone()));
            prop_assert_eq!(count(&tree(rows.collect())), 12);
            let shape = Parents(parents);
            for category in &categories {
                prop_assert!(shape.line_of(Some(category.id)).unwrap().len() <= MAX_DEPTH);
            }
        }
    }
}
