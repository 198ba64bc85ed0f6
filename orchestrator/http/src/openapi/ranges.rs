//! Integers in the description have the range of their width.

use serde_json::{Value, json};

/// Says of every integer that names its width how far it goes, where that is not said more closely.
pub(super) fn add(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(add),
        Value::Object(members) => {
            members.values_mut().for_each(add);
            let Some((format, least, most)) = members.get("format").and_then(range) else {
                return;
            };
            members.insert("format".to_owned(), Value::from(format));
            members.entry("minimum").or_insert(least);
            members.entry("maximum").or_insert(most);
        }
        _ => {}
    }
}

/// The registered name of a format, and its range.
fn range(format: &Value) -> Option<(&'static str, Value, Value)> {
    Some(match format.as_str()? {
        "int16" => ("int16", json!(i16::MIN), json!(i16::MAX)),
        "int32" => ("int32", json!(i32::MIN), json!(i32::MAX)),
        "int64" => ("int64", json!(i64::MIN), json!(i64::MAX)),
        "u-int16" => ("uint16", json!(0), json!(u16::MAX)),
        "u-int32" => ("uint32", json!(0), json!(u32::MAX)),
        "u-int64" => ("uint64", json!(0), json!(u64::MAX)),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_closer_limit_stays() {
        let mut schema = json!({"a": [{"format": "u-int16", "maximum": 9}], "format": "date-time"});
        add(&mut schema);
        let one = json!({"format": "uint16", "minimum": 0, "maximum": 9});
        assert_eq!(schema, json!({"a": [one], "format": "date-time"}));
    }
}
