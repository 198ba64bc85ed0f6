//! JSON that people write, read so that nothing of it is lost without a word.
//!
//! RFC 8259 leaves open what a name means that an object has twice; the usual reading keeps the
//! last and forgets the first. Of rules this would be a limit that does not hold.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

/// Reads a document as people's editors write it: a byte order mark before it is passed over.
///
/// # Errors
/// If it is no JSON, or an object has a name twice; with the line.
pub fn read_json(text: &str) -> Result<Value, serde_json::Error> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    serde_json::from_str::<Once>(text).map(|once| once.0)
}

/// For fields of any JSON: refuses names that an object has twice.
pub(crate) fn any<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Value, D::Error> {
    Once::deserialize(deserializer).map(|once| once.0)
}

/// The same where it may be left out or null.
pub(crate) fn optional<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Value>, D::Error> {
    any(deserializer).map(|value| Some(value).filter(|value| !value.is_null()))
}

/// A value in which every name of an object stands once.
struct Once(Value);

impl<'de> Deserialize<'de> for Once {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(OnceVisitor).map(Self)
    }
}

struct OnceVisitor;

impl<'de> Visitor<'de> for OnceVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(Number::from_f64(value).map_or(Value::Null, Value::Number))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_none<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut all = Vec::new();
        while let Some(Once(item)) = items.next_element()? {
            all.push(item);
        }
        Ok(Value::Array(all))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let mut all = Map::new();
        while let Some(name) = members.next_key::<String>()? {
            if all.contains_key(&name) {
                return Err(A::Error::custom(format_args!(
                    "`{name}` stands twice in one object"
                )));
            }
            let Once(value) = members.next_value()?;
            all.insert(name, value);
        }
        Ok(Value::Object(all))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::read_json;
    use crate::NewTournament;

    #[test]
    fn a_name_that_stands_twice_is_refused_with_its_line() {
        let text = "{\n  \"format\": \"swiss\",\n  \"terms\": { \"min_field\": 2,\n    \"min_field\": 9 }\n}";
        let error = read_json(text).map_err(|error| (error.line(), error.to_string()));
        let (line, said) = error.unwrap_err();
        assert_eq!(line, 4);
        assert!(said.contains("`min_field` stands twice"), "{said}");
        // In different objects it may stand.
        let fine = r#"[{"a": 1, "b": {"a": [null, -1, 2.5, "x", true]}}]"#;
        let read: Value = serde_json::from_str(fine).unwrap_or_default();
        assert_eq!(read_json(fine).ok(), Some(read));
    }

    #[test]
    fn a_byte_order_mark_is_passed_over() {
        assert_eq!(read_json("\u{feff}{\"a\": 1}").ok(), Some(json!({"a": 1})));
        assert!(read_json("{\u{feff}\"a\": 1}").is_err());
    }

    #[test]
    fn rules_in_a_body_are_read_the_same() {
        let body = |rules: &str| {
            let text = format!(r#"{{"name": "t", "task": "digits", "rules": {rules}}}"#);
            serde_json::from_str::<NewTournament>(&text).map(|new| new.rules)
        };
        assert_eq!(body("null").ok(), Some(None));
        assert_eq!(body("{}").ok(), Some(Some(json!({}))));
        let twice = body(r#"{"format": "swiss", "format": "racing"}"#);
        let said = twice.map_err(|error| error.to_string()).unwrap_err();
        assert!(said.contains("`format` stands twice"), "{said}");
    }
}
