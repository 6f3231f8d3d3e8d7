//! An object is an object: serde's derived types also take an array, the fields by position, at any depth. A client that sends one
//! is mistaken, and what it means would change with the order of our fields.

use serde::{
    Deserializer,
    de::{
        Error as _, IntoDeserializer, Unexpected, Visitor,
        value::{MapAccessDeserializer, MapDeserializer, SeqDeserializer},
    },
    forward_to_deserialize_any,
};
use serde_json::{Error, Map, Number, Value};

/// A document to be read strictly.
pub(super) struct Strict(pub(super) Value);

type Fields = MapDeserializer<'static, std::vec::IntoIter<(String, Strict)>, Error>;

fn fields(map: Map<String, Value>) -> Fields {
    let fields: Vec<_> = map.into_iter().map(|(name, value)| (name, Strict(value))).collect();
    MapDeserializer::new(fields.into_iter())
}

impl IntoDeserializer<'_, Error> for Strict {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

impl<'de> Deserializer<'de> for Strict {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.0 {
            Value::Null => visitor.visit_unit(),
            Value::Bool(value) => visitor.visit_bool(value),
            Value::Number(number) => visit_number(&number, visitor),
            Value::String(text) => visitor.visit_string(text),
            Value::Array(items) => {
                let mut items = SeqDeserializer::new(items.into_iter().map(Self));
                let value = visitor.visit_seq(&mut items)?;
                items.end().map(|()| value)
            }
            Value::Object(map) => {
                let mut fields = fields(map);
                let value = visitor.visit_map(&mut fields)?;
                fields.end().map(|()| value)
            }
        }
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        if self.0.is_array() {
            return Err(Error::invalid_type(Unexpected::Seq, &"an object"));
        }
        self.deserialize_any(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        if self.0.is_null() { visitor.visit_none() } else { visitor.visit_some(self) }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        match self.0 {
            Value::String(variant) => visitor.visit_enum(variant.into_deserializer()),
            Value::Object(map) => visitor.visit_enum(MapAccessDeserializer::new(fields(map))),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) => {
                Err(Error::invalid_type(Unexpected::Other("another value"), &"a variant"))
            }
        }
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit
        unit_struct seq tuple tuple_struct map identifier ignored_any
    }
}

fn visit_number<'de, V: Visitor<'de>>(number: &Number, visitor: V) -> Result<V::Value, Error> {
    match (number.as_u64(), number.as_i64(), number.as_f64()) {
        (Some(value), _, _) => visitor.visit_u64(value),
        (_, Some(value), _) => visitor.visit_i64(value),
        (_, _, Some(value)) => visitor.visit_f64(value),
        (None, None, None) => Err(Error::custom("the number is out of range")),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde::{Deserialize, Serialize, de::DeserializeOwned};
    use serde_json::json;
    use uuid::Uuid;

    use super::*;

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Order {
        id: Uuid,
        lines: Vec<Line>,
        method: Option<Method>,
        note: Option<String>,
        at: Option<chrono::DateTime<chrono::Utc>>,
        weight: f64,
    }

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Line {
        quantity: i64,
        pair: (u8, bool),
    }

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    #[serde(rename_all = "snake_case")]
    enum Method {
        Card,
        Voucher { code: String },
        Points(u32),
    }

    fn read<T: DeserializeOwned>(value: Value) -> Result<T, Error> {
        T::deserialize(Strict(value))
    }

    #[test]
    fn an_array_is_no_object_at_any_depth() {
        assert!(read::<Line>(json!({"quantity": 1, "pair": [1, true]})).is_ok());
        assert!(read::<Line>(json!([1, [1, true]])).is_err());
        assert!(read::<Vec<Line>>(json!([[1, [1, true]]])).is_err());
        assert!(read::<Option<Line>>(json!([1, [1, true]])).is_err());
    }

    #[test]
    fn every_method_is_read_as_serde_json_reads_it() {
        for value in [json!("card"), json!({"voucher": {"code": "x"}}), json!({"points": 3})] {
            assert_eq!(
                read::<Method>(value.clone()).unwrap(),
                serde_json::from_value(value).unwrap()
            );
        }
        for value in
            [json!("cash"), json!({"card": 1, "points": 2}), json!(1), json!([]), json!({})]
        {
            assert!(read::<Method>(value).is_err());
        }
    }

    proptest! {
        #[test]
        fn a_document_is_read_as_serde_json_reads_it(
            id in any::<u128>(), quantities in prop::collection::vec(any::<i64>(), 0..4),
            note in any::<Option<String>>(), weight in -1e9..1e9_f64,
        ) {
            let order = Order {
                id: Uuid::from_u128(id),
                lines: quantities.into_iter().map(|quantity| Line { quantity, pair: (1, true) }).collect(),
                method: note.as_ref().map(|note| Method::Voucher { code: note.clone() }),
                note,
                at: chrono::DateTime::from_timestamp_micros(1_700_000_000_000_000),
                weight,
            };
            let read: Order = read(serde_json::to_value(&order).unwrap()).unwrap();
            prop_assert_eq!(read, order);
        }
    }
}
