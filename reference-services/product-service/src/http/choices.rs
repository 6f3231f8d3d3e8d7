//! Fields of a request that depend on each other, as a document says it: one description for each way to choose. A derived
//! description knows only fields by themselves.

use std::{borrow::Cow, marker::PhantomData};

use utoipa::{
    PartialSchema, ToSchema,
    openapi::{
        RefOr,
        schema::{Object, ObjectBuilder, OneOfBuilder, Schema, Type},
    },
};

/// The ways to choose among some fields; each names those that are there, the others of the choice are absent or null.
pub(super) type Choice = &'static [&'static [&'static str]];

/// A request whose fields depend on each other.
pub(super) trait Choosing {
    /// What there is to choose.
    const CHOICES: &[Choice];
}

/// Describes such a request, under its own name.
pub(super) struct Described<T>(PhantomData<T>);

impl<T: PartialSchema + Choosing> PartialSchema for Described<T> {
    fn schema() -> RefOr<Schema> {
        one_of(T::schema(), T::CHOICES)
    }
}

impl<T: ToSchema + Choosing> ToSchema for Described<T> {
    fn name() -> Cow<'static, str> {
        T::name()
    }

    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        T::schemas(schemas);
    }
}

/// What an object is when each choice is made in one of its ways.
fn one_of(described: RefOr<Schema>, choices: &[Choice]) -> RefOr<Schema> {
    let RefOr::T(Schema::Object(mut object)) = described else { return described };
    let description = object.description.take();
    let variants = choices.iter().fold(vec![object], |variants, choice| {
        variants
            .iter()
            .flat_map(|object| choice.iter().map(|way| made(object, choice, way)))
            .collect()
    });
    variants
        .into_iter()
        .fold(OneOfBuilder::new(), OneOfBuilder::item)
        .description(description)
        .into()
}

fn made(object: &Object, choice: Choice, way: &[&str]) -> Object {
    let mut object = object.clone();
    for field in choice.iter().copied().flatten().copied() {
        object.required.retain(|required| required != field);
        if way.contains(&field) {
            object.required.push(field.to_owned());
        } else {
            let null = ObjectBuilder::new().schema_type(Type::Null);
            object.properties.insert(field.to_owned(), null.into());
        }
    }
    object
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn each_way_to_choose_is_a_description_of_its_own() {
        let text = || ObjectBuilder::new().schema_type(Type::String);
        let object = ObjectBuilder::new()
            .property("name", text())
            .property("price", text())
            .property("currency", text())
            .required("name");
        let described = one_of(object.into(), &[&[&[], &["price", "currency"]]]);
        let document = serde_json::to_value(described).unwrap();
        let required: Vec<_> = (0..2).map(|at| &document["oneOf"][at]["required"]).collect();
        assert_eq!(required, [&json!(["name"]), &json!(["name", "price", "currency"])]);
        let price = |at: usize| &document["oneOf"][at]["properties"]["price"]["type"];
        assert_eq!((price(0), price(1)), (&json!("null"), &json!("string")));
    }
}
