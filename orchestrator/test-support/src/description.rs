//! The description of the API (`docs/openapi.json`) as something to hold messages against.
//!
//! Only what the description uses of JSON Schema is known here, so that no validator has to be
//! compiled for it; a word that is not known is a failure. Patterns are left to `make test-api`.

use serde_json::{Map, Value};

/// See the module.
#[derive(Clone, Debug)]
pub struct Description(Value);

/// An operation, as far as messages are concerned.
#[derive(Clone, Copy, Debug)]
pub struct Operation<'a> {
    description: &'a Description,
    value: &'a Value,
}

impl Description {
    /// Reads the document.
    ///
    /// # Panics
    /// If it is no JSON.
    #[must_use]
    pub fn new(text: &str) -> Self {
        Self(serde_json::from_str(text).expect("the description is JSON"))
    }

    /// The committed one.
    ///
    /// # Panics
    /// If it is not there.
    #[must_use]
    pub fn committed() -> Self {
        let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/openapi.json");
        Self::new(&std::fs::read_to_string(file).expect("docs/openapi.json is there"))
    }

    /// The operation that answers a request for this path, which may have a query.
    #[must_use]
    pub fn operation(&self, method: &str, path: &str) -> Option<Operation<'_>> {
        let path = path.split('?').next().unwrap_or(path);
        let paths = self.0["paths"].as_object()?;
        // Names in braces take what has no name of its own.
        let item = paths.get(path).or_else(|| {
            let found = paths.iter().find(|(template, _)| fits(template, path));
            found.map(|(_, item)| item)
        })?;
        let value = item.get(method.to_lowercase())?;
        Some(Operation {
            description: self,
            value,
        })
    }

    /// What is wrong with a value as one of this shape.
    #[must_use]
    pub fn misfits(&self, shape: &str, value: &Value) -> Vec<String> {
        let mut found = Vec::new();
        match self.0["components"]["schemas"].get(shape) {
            Some(schema) => self.check(schema, value, shape, &mut found),
            None => found.push(format!("there is no shape {shape}")),
        }
        found
    }

    fn meant<'a>(&'a self, value: &'a Value) -> &'a Value {
        match value["$ref"].as_str().and_then(|to| to.strip_prefix('#')) {
            Some(pointer) => self.0.pointer(pointer).expect("references lead somewhere"),
            None => value,
        }
    }

    fn check(&self, schema: &Value, value: &Value, at: &str, found: &mut Vec<String>) {
        let schema = self.meant(schema);
        let Some(words) = schema.as_object() else {
            return;
        };
        for (word, says) in words {
            let wrong = match word.as_str() {
                "type" => !is_of(says, value),
                "enum" => !says.as_array().is_some_and(|all| all.contains(value)),
                "const" => says != value,
                "minimum" => below(value, says),
                "maximum" => below(says, value),
                "minLength" => value
                    .as_str()
                    .is_some_and(|text| less(text.chars().count(), says)),
                "maxLength" => value
                    .as_str()
                    .is_some_and(|text| more(text.chars().count(), says)),
                "minItems" => value.as_array().is_some_and(|all| less(all.len(), says)),
                "maxItems" => value.as_array().is_some_and(|all| more(all.len(), says)),
                "required" => says.as_array().into_iter().flatten().any(|name| {
                    let members = value.as_object();
                    members.is_some_and(|all| !all.contains_key(name.as_str().unwrap_or("")))
                }),
                "oneOf" => {
                    let fitting = says.as_array().into_iter().flatten();
                    let fits = |one: &&Value| {
                        let mut wrong = Vec::new();
                        self.check(one, value, at, &mut wrong);
                        wrong.is_empty()
                    };
                    fitting.filter(fits).count() != 1
                }
                "allOf" => {
                    for one in says.as_array().into_iter().flatten() {
                        self.check(one, value, at, found);
                    }
                    false
                }
                "properties" => {
                    for (name, one) in says.as_object().into_iter().flatten() {
                        if let Some(member) = value.get(name) {
                            self.check(one, member, &format!("{at}.{name}"), found);
                        }
                    }
                    false
                }
                "additionalProperties" if *says == Value::Bool(false) => {
                    let known = schema["properties"].as_object();
                    let known = |name: &String| known.is_some_and(|all| all.contains_key(name));
                    value.as_object().is_some_and(|all| !all.keys().all(known))
                }
                "items" if schema.get("prefixItems").is_none() => {
                    for (nth, one) in value.as_array().into_iter().flatten().enumerate() {
                        self.check(says, one, &format!("{at}[{nth}]"), found);
                    }
                    false
                }
                "prefixItems" => {
                    let items = value.as_array().into_iter().flatten();
                    for (nth, (schema, one)) in
                        says.as_array().into_iter().flatten().zip(items).enumerate()
                    {
                        self.check(schema, one, &format!("{at}[{nth}]"), found);
                    }
                    false
                }
                "items"
                | "additionalProperties"
                | "propertyNames"
                | "pattern"
                | "format"
                | "description"
                | "default"
                | "title"
                | "examples" => false,
                word => panic!("{at}: the description says `{word}`, which is not known here"),
            };
            if wrong {
                found.push(format!("{at}: {word} {says}, found {value}"));
            }
        }
    }
}

impl Operation<'_> {
    /// What is wrong with an answer; `body` is looked at where it is JSON.
    #[must_use]
    pub fn misfits_of_answer(&self, status: u16, kind: Option<&str>, body: &[u8]) -> Vec<String> {
        let Some(answer) = self.value["responses"].get(status.to_string()) else {
            return vec![format!("status {status} is not described")];
        };
        let content = self.description.meant(answer)["content"].as_object();
        let kind = kind.map(|kind| kind.split(';').next().unwrap_or(kind).trim());
        match (content, kind) {
            (None, None) => Vec::new(),
            (None, Some(kind)) if body.is_empty() || kind.is_empty() => Vec::new(),
            (Some(content), Some(kind)) if content.contains_key(kind) => {
                self.misfits_of_content(content, kind, body)
            }
            (_, kind) => vec![format!("status {status} with {kind:?} is not described")],
        }
    }

    /// What is wrong with a body, where it is JSON.
    #[must_use]
    pub fn misfits_of_body(&self, kind: &str, body: &[u8]) -> Vec<String> {
        match self.value["requestBody"]["content"].as_object() {
            // What is not described is not read.
            None => Vec::new(),
            Some(content) if content.contains_key(kind) => {
                self.misfits_of_content(content, kind, body)
            }
            Some(_) => vec![format!("a body of type {kind} is not described")],
        }
    }

    fn misfits_of_content(
        &self,
        content: &Map<String, Value>,
        kind: &str,
        body: &[u8],
    ) -> Vec<String> {
        let mut found = Vec::new();
        if kind.ends_with("json") {
            match serde_json::from_slice(body) {
                Ok(value) => {
                    let schema = &content[kind]["schema"];
                    self.description.check(schema, &value, "body", &mut found);
                }
                Err(error) => found.push(format!("no JSON: {error}")),
            }
        }
        found
    }
}

fn fits(template: &str, path: &str) -> bool {
    let (mut template, mut path) = (template.split('/'), path.split('/'));
    loop {
        match (template.next(), path.next()) {
            (None, None) => return true,
            (Some(part), Some(given)) if part.starts_with('{') && !given.is_empty() => {}
            (Some(part), Some(given)) if part == given => {}
            _ => return false,
        }
    }
}

fn is_of(kinds: &Value, value: &Value) -> bool {
    let is = |kind: &Value| match kind.as_str() {
        Some("null") => value.is_null(),
        Some("boolean") => value.is_boolean(),
        Some("integer") => value.is_i64() || value.is_u64(),
        Some("number") => value.is_number(),
        Some("string") => value.is_string(),
        Some("array") => value.is_array(),
        Some("object") => value.is_object(),
        _ => false,
    };
    match kinds {
        Value::Array(kinds) => kinds.iter().any(is),
        kind => is(kind),
    }
}

/// Whether one number is below another; what is no number is not.
fn below(one: &Value, other: &Value) -> bool {
    match (one.as_i64(), other.as_i64()) {
        (Some(one), Some(other)) => one < other,
        _ => matches!((one.as_f64(), other.as_f64()), (Some(one), Some(other)) if one < other),
    }
}

fn less(found: usize, least: &Value) -> bool {
    least.as_u64().is_some_and(|least| (found as u64) < least)
}

fn more(found: usize, most: &Value) -> bool {
    most.as_u64().is_some_and(|most| found as u64 > most)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::Description;

    fn description() -> Description {
        Description(json!({
            "paths": { "/a/{id}": { "post": {
                "requestBody": { "content": { "application/json": { "schema": { "type": "array" } } } },
                "responses": { "204": {}, "404": { "$ref": "#/components/responses/None" } },
            } } },
            "components": {
                "responses": { "None": { "content": { "application/problem+json": {
                    "schema": { "$ref": "#/components/schemas/Thing" },
                } } } },
                "schemas": { "Thing": {
                    "type": "object",
                    "required": ["n"],
                    "properties": {
                        "n": { "type": "integer", "minimum": 1, "maximum": 2 },
                        "t": { "oneOf": [{ "type": "null" }, { "type": "string", "maxLength": 1 }] },
                    },
                    "additionalProperties": false,
                } },
            },
        }))
    }

    #[test]
    fn values_that_do_not_fit_are_found() {
        let misfits = |value| description().misfits("Thing", &value).len();
        assert_eq!(misfits(json!({ "n": 1, "t": null })), 0);
        assert_eq!(misfits(json!({ "n": 2, "t": "x" })), 0);
        for wrong in [
            json!({}),
            json!({ "n": 0 }),
            json!({ "n": 3 }),
            json!({ "n": 1.5 }),
            json!({ "n": 1, "t": "xy" }),
            json!({ "n": 1, "other": 1 }),
            json!([]),
        ] {
            assert!(misfits(wrong.clone()) > 0, "{wrong}");
        }
        assert_eq!(description().misfits("Nothing", &json!(1)).len(), 1);
    }

    #[test]
    fn messages_are_held_against_their_operation() {
        let description = description();
        assert!(description.operation("GET", "/a/1").is_none());
        assert!(description.operation("POST", "/a/").is_none());
        let operation = description.operation("POST", "/a/1?x=y").unwrap();
        assert!(operation.misfits_of_answer(204, None, b"").is_empty());
        let problem = Some("application/problem+json");
        assert!(
            operation
                .misfits_of_answer(404, problem, b"{\"n\":1}")
                .is_empty()
        );
        assert!(!operation.misfits_of_answer(404, problem, b"{}").is_empty());
        assert!(!operation.misfits_of_answer(404, None, b"").is_empty());
        assert!(!operation.misfits_of_answer(500, None, b"").is_empty());
        assert!(
            operation
                .misfits_of_body("application/json", b"[]")
                .is_empty()
        );
        assert!(
            !operation
                .misfits_of_body("application/json", b"{}")
                .is_empty()
        );
        assert!(!operation.misfits_of_body("text/plain", b"[]").is_empty());
    }
}
