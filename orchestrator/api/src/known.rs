//! Parts of answers that are parts of requests too, such as what a task measures.
//!
//! In a request, something that is not known would be something asked for and not done, so it is
//! refused. In an answer, a later release says it, and an earlier one can do without: it is passed
//! over, as everything else in answers is.

use serde::de::{DeserializeOwned, Deserializer, Error as _, Visitor};
use serde::{Deserialize as _, forward_to_deserialize_any};
use serde_json::Value;

/// Reads a `T`, passing over the fields that it does not have.
pub(crate) fn read<'de, D: Deserializer<'de>, T: DeserializeOwned>(
    deserializer: D,
) -> Result<T, D::Error> {
    let value = Value::deserialize(deserializer)?;
    T::deserialize(Known(value)).map_err(D::Error::custom)
}

/// Of an object, the fields that whoever reads it has.
struct Known(Value);

impl<'de> Deserializer<'de> for Known {
    type Error = serde_json::Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Self::Error> {
        self.0.deserialize_any(visitor)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        mut self,
        name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Self::Error> {
        if let Value::Object(object) = &mut self.0 {
            object.retain(|field, _| fields.contains(&field.as_str()));
        }
        self.0.deserialize_struct(name, fields, visitor)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option
        unit unit_struct newtype_struct seq tuple tuple_struct map enum identifier ignored_any
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::{Budget, Metric};

    fn read<T: serde::de::DeserializeOwned>(value: serde_json::Value) -> Result<T, String> {
        super::read(value).map_err(|error| error.to_string())
    }

    #[test]
    fn what_is_not_known_is_passed_over_and_what_is_missing_or_wrong_is_not() {
        let mut metric = json!({ "name": "accuracy", "better": "higher", "best": 1, "miss": 0 });
        metric["shown_as"] = json!({ "percent": true });
        assert_eq!(read::<Metric>(metric.clone()), Ok(Metric::default()));
        assert!(serde_json::from_value::<Metric>(metric.clone()).is_err());
        metric["best"] = json!("one");
        assert!(read::<Metric>(metric).is_err());
        let error = read::<Budget>(json!({ "joules": 7 })).unwrap_err();
        assert!(error.contains("missing field"), "{error}");
    }
}
